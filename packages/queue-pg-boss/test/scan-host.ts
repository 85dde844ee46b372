import { createHash } from 'node:crypto'
import { postgresStorage } from '@tenantscope/adapter-postgres'
import {
  createTenantscope,
  envelopeSecretStore,
  staticKeys,
  type Tenantscope,
  type WorkerOptions,
} from '@tenantscope/core'
import { pgBossQueue } from '../src/index.ts'
import { acceptingSignIn, type PacedRunnerOptions, pacedRunner } from './paced-runner.ts'

// All processes of a test must be able to open what one has sealed.
const key = createHash('sha256').update('only a test').digest()

/** One process of an installation: everything on one PostgreSQL. */
export function openTenantscope(params: {
  connectionString: string
  worker: WorkerOptions | false
  runner: PacedRunnerOptions
}): Tenantscope {
  const { connectionString, worker, runner } = params
  return createTenantscope({
    storage: postgresStorage({ url: connectionString, maxConnections: 4 }),
    queue: pgBossQueue({ connectionString, pollMs: 500, monitorSeconds: 1 }),
    secrets: envelopeSecretStore({ keys: staticKeys([{ id: 'test', version: 1, key }]) }),
    runner: pacedRunner(runner),
    signIn: acceptingSignIn,
    worker,
  })
}
