import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { tenantscopeRouter } from '@tenantscope/adapter-express'
import { pgliteStorage } from '@tenantscope/adapter-postgres'
import {
  createTenantscope,
  envelopeSecretStore,
  staticKeys,
  type Tenantscope,
  type TenantscopeOptions,
} from '@tenantscope/core'
import { msalSignIn, pwshRunner } from '@tenantscope/runner-pwsh'
import express from 'express'
import { landingPage } from './landing-page.ts'
import type { Settings } from './settings.ts'
import { demoSignIn } from './sign-in.ts'

export const mountPath = '/msp/cspm'

export interface RunningServer {
  url: string
  tenantscope: Tenantscope
  /** Ends streams and scans under way, then the server and the database. */
  close(): Promise<void>
}

/** The whole thing on one process: Express, an embedded PostgreSQL on a folder, one worker. */
export async function startServer(
  settings: Settings,
  options: Pick<TenantscopeOptions, 'resolveTxt' | 'logger' | 'worker'> = {},
): Promise<RunningServer> {
  const network = {
    ...(settings.proxyUrl ? { proxyUrl: settings.proxyUrl } : {}),
    ...(settings.caFile ? { caFile: settings.caFile } : {}),
  }
  const tenantscope = createTenantscope({
    storage: pgliteStorage({ dataDir: join(settings.dataFolder, 'database') }),
    secrets: envelopeSecretStore({ keys: staticKeys([{ id: 'reference-server', version: 1, key: settings.key }]) }),
    runner: pwshRunner({
      network,
      standby: settings.standby,
      ...(settings.pwshPath ? { pwshPath: settings.pwshPath } : {}),
    }),
    signIn: msalSignIn(network),
    ...(settings.webhookHosts.length > 0 && { webhooks: { allowedHosts: settings.webhookHosts } }),
    ...options,
  })
  await tenantscope.start()

  const signIn = demoSignIn()
  const app = express()
  app.disable('x-powered-by')
  app.get('/', (_req, res) => {
    signIn.greet(res)
    res.set(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'",
    )
    res.type('html').send(landingPage(mountPath))
  })
  app.use(
    mountPath,
    tenantscopeRouter({ tenantscope, authenticate: signIn.authenticate, authorize: () => true, docs: true }),
  )

  const server = await listen(app, settings.port)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    tenantscope,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // Ends the event streams first: a server waits for its connections.
      await tenantscope.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** Loopback only: the demo takes any bearer token. */
function listen(app: express.Express, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = app.listen(port, '127.0.0.1', (error?: Error) => (error ? reject(error) : resolve(server)))
  })
}
