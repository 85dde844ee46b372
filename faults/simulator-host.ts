import { once } from 'node:events'
import { createServer } from 'node:http'
import { freshTenant, startSimulator, testCertificate } from '@tenantscope/m365-simulator'

/** The simulator in a process of its own: what happens to workers and database does not touch it. Ends with its parent. */
const { tenants: count } = JSON.parse(process.argv[2] ?? '{}') as { tenants: number }

const { pem, privateKeyPem } = await testCertificate()
const tenants = Array.from({ length: count }, (_, i) => {
  const tenant = freshTenant({
    tenantId: `00000000-0000-4000-8000-${String(i + 1).padStart(12, '0')}`,
    initialDomain: `faults${i + 1}.onmicrosoft.com`,
    customDomains: [`faults${i + 1}.example`],
  })
  tenant.app.certificates = [pem]
  return tenant
})
const simulator = await startSimulator({ tenants, latency: 'v1' })

const control = createServer(async (request, response) => {
  const [, what, argument = ''] = (request.url ?? '').split('/')
  const answer = async () => {
    switch (what) {
      case 'txt':
        return { records: await simulator.resolveTxt(decodeURIComponent(argument)) }
      case 'requests':
        return simulator.requests.filter((one) => one.tenantId === argument).map(({ at, path }) => ({ at, path }))
      default:
        throw new Error('not found')
    }
  }
  const body = await answer().catch((error: { code?: string; message: string }) => ({
    error: { code: error.code ?? 'ESERVFAIL', message: error.message },
  }))
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
}).listen(0, '127.0.0.1')
await once(control, 'listening')
const address = control.address()
if (address === null || typeof address === 'string') throw new Error('no port')

process.stdin
  .once('end', () => {
    control.close()
    control.closeAllConnections()
    void simulator.close()
  })
  .resume()
const ready = {
  event: 'ready',
  proxyUrl: simulator.proxyUrl,
  caFile: simulator.caFile,
  controlUrl: `http://127.0.0.1:${address.port}`,
  certificate: `${privateKeyPem}${pem}`,
  tenants: tenants.map(({ tenantId, initialDomain, app }) => ({
    tenantId,
    initialDomain,
    clientId: app.clientId,
    clientSecret: app.clientSecret,
  })),
}
process.stdout.write(`${JSON.stringify(ready)}\n`)
