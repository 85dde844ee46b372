import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tenantscopeRouter } from '@tenantscope/adapter-express'
import {
  createTenantscope,
  envelopeSecretStore,
  type RemoteRunnerOptions,
  remoteRunner,
  type Storage,
  staticKeys,
  type Tenantscope,
  type WorkerOptions,
} from '@tenantscope/core'
import { msalSignIn, pwshRunner } from '@tenantscope/runner-pwsh'
import express, { type RequestHandler } from 'express'

export const mountPath = '/msp/cspm'

export interface HostOptions {
  storage: Storage
  /** The key-encryption key: 32 random bytes. Every process of the installation has the same. */
  key: Uint8Array
  dispatch: RemoteRunnerOptions['dispatch']
  /** Address of the receiver, from configuration. null: this process, which is good for a launcher on this machine only. */
  receiverUrl?: string | null
  /** For sign-ins, which happen here and not in the remote process. */
  network?: { proxyUrl: string; caFile: string }
  worker?: WorkerOptions | false
  /** How soon trouble of a remote process is seen. */
  times?: Pick<RemoteRunnerOptions, 'heartbeatMs' | 'inactivityMs' | 'drainMs'>
  /** Mounted before the router. */
  before?: RequestHandler
}

export interface RunningHost {
  tenantscope: Tenantscope
  server: Server
  receiverUrl: string
  close(): Promise<void>
}

/** A process of the platform: the API with the receiver of signed messages, and unless `worker` is false a worker that hands scans to the launcher. */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const app = express()
  const server = createServer(app)
  // On loopback: what is not on this machine comes through the platform's own proxy, with TLS.
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}${mountPath}`
  const receiverUrl = options.receiverUrl ?? own
  const tenantscope = createTenantscope({
    storage: options.storage,
    secrets: envelopeSecretStore({ keys: staticKeys([{ id: 'main', version: 1, key: options.key }]) }),
    runner: remoteRunner({ dispatch: options.dispatch, receiverUrl, local: pwshRunner(), ...options.times }),
    signIn: msalSignIn(options.network),
    ...(options.worker !== undefined && { worker: options.worker }),
  })
  if (options.before) app.use(options.before)
  app.use(
    mountPath,
    tenantscopeRouter({
      tenantscope,
      // Whoever the platform's own session says. Messages of remote runs never come here: their signature is all that counts.
      authenticate: () => null,
      authorize: () => false,
    }),
  )
  await tenantscope.start()
  return {
    tenantscope,
    server,
    receiverUrl,
    close: async () => {
      await tenantscope.close()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
