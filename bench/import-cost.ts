import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { interleaved, line } from './measure.ts'

/** F-17: what `import '@tenantscope/core'` costs a host, beside `import 'express'`. On the built package, as a host gets it. */
export async function importCost(pairs: number): Promise<void> {
  const { a, b, ratio } = await interleaved(
    pairs,
    async () => timeImport('@tenantscope/core'),
    async () => timeImport('express'),
  )
  line('import core / import express', ratio, 2, `core ${a.toFixed(0)} ms, express ${b.toFixed(0)} ms`)
}

function timeImport(name: string): number {
  const script = `const t = performance.now(); await import(${JSON.stringify(name)}); process.stdout.write(String(performance.now() - t))`
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`import of ${name} failed (run the build first): ${stderr}`)
  return Number(stdout)
}
