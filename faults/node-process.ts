import { createHash } from 'node:crypto'
import { postgresStorage } from '@tenantscope/adapter-postgres'
import {
  createTenantscope,
  envelopeSecretStore,
  type Queue,
  type Runner,
  type Storage,
  staticKeys,
  type Tenantscope,
  type WorkerOptions,
} from '@tenantscope/core'
import { pgBossQueue } from '@tenantscope/queue-pg-boss'
import { msalSignIn, pwshRunner } from '@tenantscope/runner-pwsh'
import type { Simulated } from './simulated.ts'

/** How a process of the installation is set up. All of it is the product's own; only waiting times are shorter than their defaults. */
export interface NodeSettings {
  connectionString: string
  simulated: Pick<Simulated, 'proxyUrl' | 'caFile' | 'controlUrl'>
  worker: WorkerOptions | false
  /** For one statement of the storage; 30 s by default in the product. */
  statementTimeoutMs?: number
  acquireTimeoutMs?: number
}

// All processes of an installation must be able to open what one has sealed.
const key = createHash('sha256').update('only a test').digest()

export function openNode(
  settings: NodeSettings,
  around: {
    storage?: (storage: Storage) => Storage
    runner?: (runner: Runner) => Runner
    queue?: (queue: Queue) => Queue
  } = {},
): Tenantscope {
  const { connectionString, simulated, worker, statementTimeoutMs, acquireTimeoutMs } = settings
  const network = { proxyUrl: simulated.proxyUrl, caFile: simulated.caFile }
  const storage = postgresStorage({
    url: connectionString,
    maxConnections: 6,
    ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs }),
    ...(acquireTimeoutMs === undefined ? {} : { acquireTimeoutMs }),
  })
  const queue = pgBossQueue({ connectionString, pollMs: 500, monitorSeconds: 1 })
  const runner = pwshRunner({ network })
  return createTenantscope({
    storage: around.storage?.(storage) ?? storage,
    queue: around.queue?.(queue) ?? queue,
    secrets: envelopeSecretStore({ keys: staticKeys([{ id: 'test', version: 1, key }]) }),
    runner: around.runner?.(runner) ?? runner,
    signIn: msalSignIn(network),
    resolveTxt: (name) => resolveTxt(simulated.controlUrl, name),
    worker,
  })
}

async function resolveTxt(controlUrl: string, name: string): Promise<string[][]> {
  const response = await fetch(`${controlUrl}/txt/${encodeURIComponent(name)}`)
  const answer = (await response.json()) as { records: string[][] } | { error: { code: string; message: string } }
  if ('error' in answer) throw Object.assign(new Error(answer.error.message), { code: answer.error.code })
  return answer.records
}
