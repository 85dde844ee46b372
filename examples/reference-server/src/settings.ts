import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** What the server is told by its environment. The library reads none of it: this file does, and hands it in. */
export interface Settings {
  port: number
  /** Folder of the embedded database and of the key file. */
  dataFolder: string
  /** 32 bytes, base64. */
  key: string
  proxyUrl: string | null
  caFile: string | null
  pwshPath: string | null
  /** Engines that wait, rehearsed, for the next scan. */
  standby: number
  /** Hosts that outgoing webhooks may go to; empty: they are off. */
  webhookHosts: string[]
}

export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const dataFolder = resolve(environment.TENANTSCOPE_DATA ?? '.tenantscope')
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  return {
    port: Number(environment.PORT ?? 8080),
    dataFolder,
    key: environment.TENANTSCOPE_KEY ?? keyFromFile(join(dataFolder, 'key')),
    proxyUrl: environment.HTTPS_PROXY ?? environment.https_proxy ?? null,
    caFile: environment.TENANTSCOPE_CA_FILE ?? environment.NODE_EXTRA_CA_CERTS ?? environment.SSL_CERT_FILE ?? null,
    pwshPath: environment.PWSH_PATH ?? null,
    standby: Number(environment.TENANTSCOPE_STANDBY ?? 1),
    webhookHosts: (environment.TENANTSCOPE_WEBHOOK_HOSTS ?? '').split(',').filter((host) => host.trim() !== ''),
  }
}

/** A key beside the data protects a copied database only. A real host keeps its key elsewhere and sets TENANTSCOPE_KEY. */
function keyFromFile(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600 })
  return readFileSync(file, 'utf8').trim()
}
