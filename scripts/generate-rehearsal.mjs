// Writes powershell/engine/rehearsal/answers.json: for each source an answer in its service's own envelope, from the evidence of a scan of the simulator's
// `hardened` tenant. The engine's rehearsal is answered from it; a source that is missing there is answered with an empty list, so a new source needs
// nothing. Run it (node --conditions=@tenantscope/source scripts/generate-rehearsal.mjs) when much has changed: only the speed of a prepared engine depends on it.
import { readFileSync, writeFileSync } from 'node:fs'
import { hardenedTenant, startSimulator, testCertificate } from '../packages/m365-simulator/src/index.ts'
import { msalSignIn, pwshRunner } from '../packages/runner-pwsh/src/index.ts'

const powershell = new URL('../powershell/', import.meta.url)
const tenant = hardenedTenant()
const { pem, privateKeyPem } = await testCertificate()
tenant.app.certificates = [pem]
const simulator = await startSimulator({ tenants: [tenant] })
const network = { proxyUrl: simulator.proxyUrl, caFile: simulator.caFile }
const runner = pwshRunner({ network })
const signIn = msalSignIn(network)
try {
  const answers = {}
  for (const { sourceId, data } of await collect()) {
    const declaration = JSON.parse(readFileSync(declarationFile(sourceId), 'utf8'))
    // Names are looked up by the host, which the rehearsal has a double for.
    if (declaration.service !== 'dns' && sourceId !== 'dns/txt')
      answers[sourceId] = envelope(sourceId, declaration, data)
  }
  answers['graph/sites/root'] = { webUrl: 'https://contoso.sharepoint.com' }
  const sorted = Object.fromEntries(Object.entries(answers).sort(([a], [b]) => (a < b ? -1 : 1)))
  const lines = Object.entries(sorted).map(([id, answer]) => `${JSON.stringify(id)}: ${JSON.stringify(answer)}`)
  writeFileSync(new URL('engine/rehearsal/answers.json', powershell), `{\n${lines.join(',\n')}\n}\n`)
} finally {
  await signIn.close()
  await runner.close()
  await simulator.close()
}

/** What was read, as the services gave it. */
async function collect() {
  const [benchmark] = await runner.benchmarks()
  const credential = {
    credentialId: 'rehearsal',
    kind: 'certificate',
    clientId: tenant.app.clientId,
    secrets: { certificate: `${privateKeyPem}${pem}` },
  }
  const job = {
    scanId: 'rehearsal',
    attempt: 1,
    benchmark: { id: benchmark.id, version: benchmark.version },
    controlIds: benchmark.controls.map(({ id }) => id),
    scanStartedAt: new Date(),
    m365Tenant: { id: tenant.tenantId, defaultDomain: tenant.initialDomain },
    credentialKind: credential.kind,
    cloud: 'commercial',
    inputs: {},
    keepEvidence: true,
    timeoutMs: 120_000,
  }
  const host = {
    token: ({ scope, refresh, signal }) =>
      signIn.acquire({ credential, m365TenantId: tenant.tenantId, cloud: 'commercial', scope, refresh, signal }),
    resolveTxt: (name) => simulator.resolveTxt(name),
  }
  const read = []
  for await (const event of runner.run({ job, host, signal: new AbortController().signal })) {
    if (event.type === 'evidence' && event.state === 'read') read.push(event)
  }
  return read
}

function declarationFile(sourceId) {
  const [service, ...rest] = sourceId.split('/')
  const name = rest
    .join('/')
    .replace(/[^A-Za-z0-9-]+/g, '.')
    .replace(/^\.|\.$/g, '')
  return new URL(`sources/${service}/${name}.json`, powershell)
}

function envelope(sourceId, declaration, data) {
  const service = sourceId.split('/')[0]
  // A map of objects: any of them will do.
  if (sourceId.includes('{')) {
    const [entry = []] = Object.values(data)
    return Array.isArray(entry) ? { value: entry } : entry
  }
  if (service === 'teams') return data
  if (service === 'fabric') return { [declaration.rows[0]]: data }
  if (service === 'sharepoint') return sharepoint(declaration, data)
  return service === 'exchange' || service === 'compliance' || Array.isArray(data) ? { value: [data].flat() } : data
}

function sharepoint(declaration, data) {
  if (!declaration.csom) return { d: data }
  return [
    { ErrorInfo: null },
    1,
    Array.isArray(data) ? { _Child_Items_: data } : { _ObjectType_: 'rehearsal', ...data },
  ]
}
