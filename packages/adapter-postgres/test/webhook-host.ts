import { createHash } from 'node:crypto'
import {
  createTenantscope,
  envelopeSecretStore,
  staticKeys,
  type Tenantscope,
  type WorkerOptions,
} from '@tenantscope/core'
import { postgresStorage } from '../src/index.ts'

// All processes of a test must be able to open what one has sealed.
const key = createHash('sha256').update('only a test').digest()

/** One process of an installation that sends to a receiver on loopback, known as `receiver.test`. */
export function openSender(params: { url: string; receiverPort: number; worker: WorkerOptions | false }): Tenantscope {
  return createTenantscope({
    storage: postgresStorage({ url: params.url, maxConnections: 3 }),
    secrets: envelopeSecretStore({ keys: staticKeys([{ id: 'test', version: 1, key }]) }),
    runner: {
      name: 'none',
      benchmarks: async () => [],
      run: async function* () {},
      health: async () => ({ ok: true, detail: 'none' }),
      close: async () => {},
    },
    signIn: {
      acquire: () => Promise.reject(new Error('no sign-in in this test')),
      forget: () => {},
    },
    webhooks: {
      allowedHosts: [`receiver.test:${params.receiverPort}`],
      allowHttp: true,
      allowPrivate: true,
      resolve: async () => ['127.0.0.1'],
      pollMs: 50,
    },
    worker: params.worker,
  })
}
