import { fileURLToPath } from 'node:url'

/** Folder that holds Start-Checks.ps1, engine/, sources/, checks/ and benchmarks/. */
export const powershellRoot = fileURLToPath(new URL('.', import.meta.url))
