import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  e5Tenant,
  freshTenant,
  hardenedTenant,
  legacyTenant,
  type Simulator,
  startSimulator,
  type TenantDocument,
} from '@tenantscope/m365-simulator'
import { afterEach, expect, test } from 'vitest'
import benchmark from '../benchmarks/cis-m365-5.0.0.json' with { type: 'json' }
import { powershellRoot } from '../index.js'
import { createCertificate, type EngineRun, type HostAnswers, job, simulatorHost, startEngine } from './host.ts'
import { createStubModules, type StubModules } from './module-stubs.ts'
import { type CmdletRows, twinModule, writeTwinData } from './module-twins.ts'

let simulator: Simulator | undefined
let host: (HostAnswers & { close(): Promise<void> }) | undefined
let stubs: StubModules | undefined

afterEach(async () => {
  await host?.close()
  await simulator?.close()
  await stubs?.remove()
})

const json = (path: string) => JSON.parse(readFileSync(join(powershellRoot, path), 'utf8'))
const modules: Record<string, string> = {
  exchange: 'ExchangeOnlineManagement',
  teams: 'MicrosoftTeams',
  sharepoint: 'PnP.PowerShell',
}
const isRead = (source: unknown) =>
  Object.keys(modules).some((service) => JSON.stringify(source).includes(`"${service}/`))
/** Every control that looks at one of these services. */
const controls = benchmark.controls.filter(({ check }) => isRead(json(`checks/${check}/check.json`).sources))

async function scan(tenant: TenantDocument, overrides: Record<string, unknown>): Promise<EngineRun> {
  const line = job({
    controls: controls.map(({ id }) => id),
    credentialKind: 'certificate',
    m365Tenant: { id: tenant.tenantId, defaultDomain: tenant.initialDomain },
    network: { proxyUrl: simulator?.proxyUrl, caFile: simulator?.caFile },
    inputs: {},
    ...overrides,
  })
  const run = await startEngine(line, host).ended
  expect(run.frames.at(-1), run.stderr).toMatchObject({ t: 'done', outcome: 'completed' })
  return run
}

const verdicts = (run: EngineRun) =>
  Object.fromEntries(
    run.frames
      .filter(({ t }) => t === 'check.finished')
      .map(({ controlId, status, reasonCode, findings }) => [controlId, { status, reasonCode, findings }]),
  )
/** Evidence of the three services. Both ways write the same moment, not the same text of it. */
const evidence = (run: EngineRun) =>
  Object.fromEntries(
    run.frames
      .filter(({ t, id }) => t === 'evidence' && id.split('/')[0] in modules)
      .map(({ id, state, data }) => [
        id,
        JSON.parse(JSON.stringify({ state, data }).replaceAll(/(T\d\d:\d\d:\d\d\.\d{7})\+00:00"/g, '$1Z"')),
      ]),
  )

/** What the modules' cmdlets would give where the wire gave this. Cmdlets of unread sources do not exist. */
function cmdletsOf(rest: ReturnType<typeof evidence>): Record<string, CmdletRows> {
  const result: Record<string, CmdletRows> = { exchange: {}, teams: {}, sharepoint: {} }
  for (const [id, { state, data }] of Object.entries(rest)) {
    if (state !== 'read') continue
    const [service, name] = id.split('/') as [string, string]
    const declaration = json(`sources/${service}/${name}.json`)
    const cmdlet: string = declaration.module?.cmdlet ?? declaration.cmdlet
    const names = Object.entries<string>(declaration.module?.names ?? {})
    const rows = (Array.isArray(data) ? data : [data]).map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [names.find(([, wire]) => wire === key)?.[0] ?? key, value]),
      ),
    )
    const cmdlets = result[service]
    if (cmdlets) cmdlets[cmdlet] = rows
  }
  return result
}

test.each([
  ['hardened', hardenedTenant],
  ['fresh', freshTenant],
  ['E5', e5Tenant],
  ['legacy', legacyTenant],
])(
  'of a %s tenant, modules and the services themselves come to the same evidence and verdicts',
  async (_name, make) => {
    const tenant = make()
    const certificate = await createCertificate()
    tenant.app.certificates.push(certificate.pem)
    simulator = await startSimulator({ tenants: [tenant] })
    host = simulatorHost(simulator, tenant, certificate)
    const rest = await scan(tenant, {})
    const before = evidence(rest)

    const twins = cmdletsOf(before)
    stubs = await createStubModules(
      Object.fromEntries(
        Object.entries(modules).map(([service, name]) => [name, twinModule(name, twins[service] ?? {})]),
      ),
    )
    for (const [service, name] of Object.entries(modules)) await writeTwinData(stubs.path, name, twins[service] ?? {})
    simulator.requests.length = 0
    const run = await scan(tenant, {
      transport: { exchange: 'module', teams: 'module', sharepoint: 'module' },
      modulePath: [stubs.path],
    })
    // The services were really not asked.
    expect(simulator.requests.filter(({ service }) => service in modules)).toEqual([])
    expect(evidence(run)).toEqual(before)
    expect(verdicts(run)).toEqual(verdicts(rest))
    expect(Object.values(before).filter(({ state }) => state === 'read').length).toBeGreaterThan(20)
  },
  180_000,
)
