import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freshTenant, startSimulator, testCertificate } from '@tenantscope/m365-simulator'
import { curlLines, progressBar, resultTable } from './demo-output.ts'
import { scanByApi } from './demo-scan.ts'
import { mountPath, startServer } from './server.ts'
import { readSettings } from './settings.ts'

/** The way from nothing to results: a Microsoft 365 on loopback, the reference server, one tenant, one scan. `--once` ends after the table. */
const once = process.argv.includes('--once')
const folder = mkdtempSync(join(tmpdir(), 'tenantscope-demo-'))
const tenant = freshTenant()
// A certificate, because SharePoint's admin API takes no application that signs in with a secret.
const { pem, privateKeyPem } = await testCertificate()
tenant.app.certificates = [pem]
const simulator = await startSimulator({ tenants: [tenant], latency: 'v1' })
const settings = readSettings({ ...process.env, TENANTSCOPE_DATA: folder, PORT: process.env.PORT ?? '0' })
const server = await startServer(
  { ...settings, proxyUrl: simulator.proxyUrl, caFile: simulator.caFile },
  { resolveTxt: (name) => simulator.resolveTxt(name) },
)

let closing: Promise<void> | null = null
const close = () => {
  closing ??= (async () => {
    await server.close()
    await simulator.close()
    rmSync(folder, { recursive: true, force: true })
  })()
  return closing
}
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupted) process.exit(1)
    interrupted = true
    void close()
  })
}

try {
  console.log(
    `\nA simulated Microsoft 365 tenant (${tenant.initialDomain}) is scanned through ${server.url}${mountPath}\n`,
  )
  const bar = progressBar(process.stdout)
  const outcome = await scanByApi(`${server.url}${mountPath}`, tenant, `${privateKeyPem}${pem}`, bar)
  bar.end()
  console.log(resultTable(outcome, process.stdout.isTTY ? (process.stdout.columns ?? 100) : 120))
  if (outcome.status.status !== 'completed') process.exitCode = 1
  console.log(`\nLook at it: ${server.url}/\n\n${curlLines(`${server.url}${mountPath}`, outcome)}\n`)
  console.log(once ? 'The server ends here: without --once it stays up.' : 'The server stays up. Ctrl-C ends it.')
} catch (error) {
  if (!interrupted) console.error(error)
  process.exitCode = 1
} finally {
  if (once || process.exitCode) await close()
}
