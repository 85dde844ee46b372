import {
  freshTenant,
  hardenedTenant,
  type Simulator,
  startSimulator,
  type TenantDocument,
} from '@tenantscope/m365-simulator'
import { afterEach, describe, expect, test } from 'vitest'
import benchmark from '../benchmarks/cis-m365-5.0.0.json' with { type: 'json' }
import {
  type Certificate,
  createCertificate,
  type EngineRun,
  type HostAnswers,
  job,
  simulatorHost,
  startEngine,
} from './host.ts'

const all = benchmark.controls.map(({ id }) => id)
let simulator: Simulator | undefined
let host: (HostAnswers & { close(): Promise<void> }) | undefined
let certificate: Certificate | undefined

afterEach(async () => {
  await host?.close()
  await simulator?.close()
  simulator = undefined
  host = undefined
})

async function scan(
  tenant: TenantDocument,
  options: {
    controls?: string[]
    secret?: boolean
    overrides?: Record<string, unknown>
    before?: (simulator: Simulator) => void
  } = {},
): Promise<EngineRun> {
  certificate ??= await createCertificate()
  tenant.app.certificates.push(certificate.pem)
  simulator = await startSimulator({ tenants: [tenant] })
  options.before?.(simulator)
  host = simulatorHost(simulator, tenant, options.secret ? undefined : certificate)
  const line = job({
    controls: options.controls ?? all,
    credentialKind: options.secret ? 'client_secret' : 'certificate',
    m365Tenant: { id: tenant.tenantId, defaultDomain: tenant.initialDomain },
    network: { proxyUrl: simulator.proxyUrl, caFile: simulator.caFile },
    ...options.overrides,
  })
  const run = await startEngine(line, host).ended
  expect(run.frames.at(-1), run.stderr).toMatchObject({ t: 'done', outcome: 'completed' })
  expect(run.stderr).toBe('')
  return run
}

const verdicts = (run: EngineRun) =>
  Object.fromEntries(
    run.frames
      .filter(({ t }) => t === 'check.finished')
      .map((frame) => [frame.controlId, frame.reasonCode ?? frame.status]),
  )
const states = (run: EngineRun) =>
  Object.fromEntries(run.frames.filter(({ t }) => t === 'source.read').map((frame) => [frame.id, frame.state]))
const askedSources = () =>
  (simulator?.requests ?? []).flatMap(({ sources, source }) => sources ?? (source ? [source] : []))

describe('a scan of all controls', () => {
  test('reads every source once and answers every control', async () => {
    const run = await scan(hardenedTenant())
    expect(Object.keys(verdicts(run)).sort()).toEqual([...all].sort())
    expect(run.frames.at(-1)).toMatchObject({ checks: all.length })
    // Per-object sources are asked once per object; every other source exactly once.
    const counts = new Map<string, number>()
    for (const source of askedSources())
      if (source && !source.includes('{') && !['signin/token', 'dns/txt'].includes(source))
        counts.set(source, (counts.get(source) ?? 0) + 1)
    // Two roles have a policy of their own, so that list is asked by two filters.
    expect(
      [...counts].filter(([source, count]) => count > 1 && source !== 'graph/policies/roleManagementPolicyAssignments'),
    ).toEqual([])
    expect(simulator?.requests.filter(({ path }) => path.includes('conditionalAccess')).length).toBe(1)
  })

  test('of a well kept tenant passes or says why not, of a fresh one it fails', async () => {
    const subset = ['5.1.2.2', '5.1.2.3', '6.1.1', '7.2.1', '7.3.1', '8.2.2', '9.1.1']
    expect(verdicts(await scan(hardenedTenant(), { controls: subset }))).toEqual(
      Object.fromEntries(subset.map((id) => [id, 'pass'])),
    )
    await host?.close()
    await simulator?.close()
    const fresh = verdicts(await scan(freshTenant(), { controls: subset }))
    // The fresh tenant has E3: no plan of it includes what scans files for malware.
    expect(fresh['7.3.1']).toBe('not_licensed')
    delete fresh['7.3.1']
    expect(Object.values(fresh).filter((status) => status === 'fail').length).toBeGreaterThan(3)
    expect(Object.values(fresh).every((status) => status === 'pass' || status === 'fail')).toBe(true)
  })

  test('throttled now and then comes to the same verdicts', async () => {
    const subset = ['1.1.1', '2.1.1', '3.2.1', '5.2.2.1', '6.2.1', '7.2.1', '8.5.3', '9.1.1']
    const calm = verdicts(await scan(hardenedTenant(), { controls: subset }))
    await host?.close()
    await simulator?.close()
    const throttled = await scan(hardenedTenant(), {
      controls: subset,
      before: (one) => one.configure({ throttle: { share: 0.3, retryAfter: 'mixed', seed: 7 } }),
    })
    expect(simulator?.requests.some(({ status }) => status === 429)).toBe(true)
    expect(verdicts(throttled)).toEqual(calm)
  }, 120_000)
})

test('with a secret, SharePoint is not asked and its alternative answers', async () => {
  const run = await scan(hardenedTenant(), { controls: ['7.2.1', '7.3.1'], secret: true })
  expect(states(run)).toMatchObject({ 'sharepoint/tenant': 'not_supported', 'graph/admin/sharepoint/settings': 'read' })
  expect(verdicts(run)).toEqual({ '7.2.1': 'pass', '7.3.1': 'credential_cannot_read' })
  expect(simulator?.requests.filter(({ service }) => service === 'sharepoint')).toEqual([])
})

test('only the sources of the controls asked for are read, and only their services are signed in to', async () => {
  const run = await scan(hardenedTenant(), { controls: ['5.1.2.2', '5.1.2.3'] })
  expect(states(run)).toEqual({ 'graph/policies/authorizationPolicy': 'read' })
  expect(simulator?.requests.map(({ service }) => service)).toEqual(['signin', 'graph'])
})

test('faults become states, and the rest of the scan goes on', async () => {
  const run = await scan(hardenedTenant(), {
    controls: ['5.1.2.2', '4.1', '6.1.1', '8.5.3', '9.1.1', '3.1.1', '7.3.1'],
    overrides: { limits: { callTimeoutMs: 8_000, sourceTimeoutMs: 60_000, scanTimeoutMs: 120_000, maxRetries: 1 } },
    before: (one) =>
      one.configure({
        faults: [
          { match: { source: 'graph/deviceManagement/settings' }, kind: 'unlicensed' },
          { match: { source: 'graph/policies/authorizationPolicy' }, kind: 'denied' },
          { match: { source: 'exchange/Get-OrganizationConfig' }, kind: 'truncated' },
          { match: { source: 'exchange/Get-AdminAuditLogConfig' }, kind: 'html' },
          { match: { source: 'teams/Get-CsTeamsMeetingPolicy' }, kind: 'hang' },
          { match: { source: 'fabric/tenantSettings' }, kind: 'emptyBody' },
        ],
      }),
  })
  expect(verdicts(run)).toEqual({
    '5.1.2.2': 'permission_missing',
    '4.1': 'not_licensed',
    '6.1.1': 'unavailable',
    '3.1.1': 'unavailable',
    '8.5.3': 'timeout',
    '9.1.1': 'unavailable',
    '7.3.1': 'pass',
  })
})

test('an expired token is renewed', async () => {
  const run = await scan(hardenedTenant(), {
    controls: ['5.1.2.2'],
    before: (one) => one.configure({ tokenLifetimeSeconds: -60 }),
  })
  // The simulator hands out nothing but expired tokens here: asked twice, then the source is given up.
  expect(run.frames.filter(({ t }) => t === 'token.request').map(({ refresh }) => refresh)).toEqual([false, true])
  expect(verdicts(run)).toEqual({ '5.1.2.2': 'permission_missing' })
})
