import type { TestProject } from 'vitest/node'
import { startPostgres, type TestServer, whyNoPostgres } from './postgres-server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where a superuser may create databases, or why there is no server. */
    postgres: { adminUrl: string } | { missing: string }
  }
}

/** One server for all files of a run; each file makes a database of its own on it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const missing = whyNoPostgres()
  if (missing !== null) {
    project.provide('postgres', { missing })
    return async () => {}
  }
  const server: TestServer = await startPostgres()
  project.provide('postgres', { adminUrl: await server.createDatabase() })
  return () => server.stop()
}
