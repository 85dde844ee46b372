import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { answerBatch, type FakeAnswer, type FakeServices, startFakeServices } from './fake-services.ts'
import { type EngineRun, job, startEngine } from './host.ts'
import { runPwsh } from './pwsh.ts'

const plan = (servicePlanName: string, provisioningStatus = 'Success', servicePlanId = crypto.randomUUID()) => ({
  servicePlanId,
  servicePlanName,
  provisioningStatus,
  appliesTo: 'User',
})
const sku = (servicePlans: object[], capabilityStatus = 'Enabled') => ({
  skuPartNumber: 'X',
  capabilityStatus,
  servicePlans,
})
const exchangeOnly = sku([plan('EXCHANGE_S_ENTERPRISE')])

describe('a check that needs a licence, judged from evidence', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenantscope-licences-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function judge(sources: object, controls: string) {
    const path = join(folder, 'evidence.json')
    const tenant = { id: '00000000-0000-0000-0000-000000000001', defaultDomain: 'contoso.onmicrosoft.com' }
    const head = { format: 'tenantscope-evidence/1', scanStartedAt: '2026-11-01T08:00:00Z', m365Tenant: tenant }
    await writeFile(path, JSON.stringify({ ...head, inputs: {}, sources }))
    const output = await runPwsh('Start-Checks.ps1', ['-EvidencePath', path, '-ControlId', controls])
    expect(output).toMatchObject({ code: 0, stderr: '' })
    return (JSON.parse(output.stdout).results as { status: string; reasonCode: string | null; message: string }[]).map(
      ({ status, reasonCode, message }) => ({ verdict: reasonCode ?? status, message }),
    )
  }

  const lockboxOff = {
    'exchange/Get-OrganizationConfig': { state: 'read', data: [{ CustomerLockboxEnabled: false }] },
  }
  const held = (...data: object[]) => ({ 'graph/subscribedSkus': { state: 'read', data } })

  test.each([
    ['is not applicable when no subscription includes the plan', held(exchangeOnly), 'not_licensed'],
    ['is judged when the plan is there', held(exchangeOnly, sku([plan('LOCKBOX_ENTERPRISE')])), 'fail'],
    ['takes the plan of a government cloud', held(sku([plan('LOCKBOX_ENTERPRISE_GOV')])), 'fail'],
    [
      'takes a plan by its id, whatever it is called',
      held(sku([plan('RENAMED', 'Success', '9f431833-0334-42de-a7dc-70aa40db46db')])),
      'fail',
    ],
    [
      'takes a plan that is still to be activated',
      held(sku([plan('LOCKBOX_ENTERPRISE', 'PendingActivation')])),
      'fail',
    ],
    ['does not take a plan that is disabled', held(sku([plan('LOCKBOX_ENTERPRISE', 'Disabled')])), 'not_licensed'],
    ['takes a subscription in its days of grace', held(sku([plan('LOCKBOX_ENTERPRISE')], 'Warning')), 'fail'],
    ['does not take one that has run out', held(sku([plan('LOCKBOX_ENTERPRISE')], 'Suspended')), 'not_licensed'],
    ['is judged when nobody knows the plans', {}, 'fail'],
    ['is judged when the list of subscriptions is empty', held(), 'fail'],
    [
      'is judged when the subscriptions were not read',
      { 'graph/subscribedSkus': { state: 'denied', error: { code: 'x', message: 'y' } } },
      'fail',
    ],
  ])('%s', async (_name, subscriptions, verdict) => {
    const [result] = await judge({ ...lockboxOff, ...subscriptions }, '1.3.6')
    expect(result?.verdict).toBe(verdict)
    if (verdict === 'not_licensed') expect(result?.message).toContain('Customer Lockbox')
  })

  test('says that a source was not read before it says that a licence is missing', async () => {
    const denied = { 'exchange/Get-OrganizationConfig': { state: 'denied', error: { code: 'x', message: 'y' } } }
    expect(await judge({ ...denied, ...held(exchangeOnly) }, '1.3.6')).toMatchObject([
      { verdict: 'permission_missing' },
    ])
  })

  test('without sources is not applicable instead of manual', async () => {
    expect(await judge(held(exchangeOnly), '2.4.3')).toMatchObject([{ verdict: 'not_licensed' }])
    expect(await judge(held(sku([plan('ADALLOM_S_STANDALONE')])), '2.4.3')).toMatchObject([{ verdict: 'no_api' }])
  })
})

describe('the plans of a tenant in a scan', () => {
  let services: FakeServices | undefined
  afterEach(async () => {
    await services?.close()
    services = undefined
  })

  async function scan(graph: (path: string) => FakeAnswer, overrides: object = {}): Promise<EngineRun> {
    services = await startFakeServices((request) => {
      if (request.url.endsWith('$batch')) return answerBatch(request, (url) => graph(decodeURIComponent(url)))
      if (request.host.startsWith('graph')) return graph(decodeURIComponent(request.url).replace(/^\/(v1\.0|beta)/, ''))
      return { body: { '@adminapi.warnings': [], value: [{ CustomerLockboxEnabled: false }] } }
    })
    const network = { proxyUrl: services.proxyUrl, caFile: services.caFile }
    const token = () => ({ accessToken: 'aaa.bbb.ccc', expiresAt: '2030-01-01T00:00:00Z' })
    const run = await startEngine(job({ controls: ['1.3.6'], network, ...overrides }), { token }).ended
    expect(run.frames.at(-1), run.stderr).toMatchObject({ t: 'done', outcome: 'completed' })
    return run
  }
  const refused: FakeAnswer = { status: 403, body: { error: { code: 'Authorization_RequestDenied', message: 'x' } } }
  const verdict = (run: EngineRun) => {
    const frame = run.frames.find(({ t }) => t === 'check.finished')
    return frame?.reasonCode ?? frame?.status
  }
  const assigned = (...servicePlanIds: string[]) => ({
    id: 'o',
    assignedPlans: servicePlanIds.map((servicePlanId) => ({ servicePlanId, capabilityStatus: 'Enabled' })),
  })

  test('are read once, as evidence but as no source of the scan', async () => {
    const run = await scan((path) => ({ body: { value: path.startsWith('/subscribedSkus') ? [exchangeOnly] : [] } }))
    expect(verdict(run)).toBe('not_licensed')
    expect(run.frames.filter(({ t }) => t === 'source.read').map(({ id }) => id)).toEqual([
      'exchange/Get-OrganizationConfig',
    ])
    expect(run.frames.at(-1)).toMatchObject({ sources: 1 })
    expect(run.frames.find(({ t, id }) => t === 'evidence' && id === 'graph/subscribedSkus')).toMatchObject({
      state: 'read',
      data: [exchangeOnly],
    })
    expect(services?.requests.filter(({ url }) => url.includes('subscribedSkus'))).toHaveLength(1)
  })

  test('stay in the engine when no evidence is kept', async () => {
    const run = await scan(() => ({ body: { value: [exchangeOnly] } }), { keepEvidence: false })
    expect(verdict(run)).toBe('not_licensed')
    expect(run.frames.filter(({ t }) => t === 'evidence')).toEqual([])
  })

  test('are not asked for when no check depends on them', async () => {
    await scan(() => ({ body: { value: [] } }), { controls: ['6.5.2'] })
    expect(services?.requests.map(({ host }) => host)).toEqual(['outlook.office365.com'])
  })

  test.each([
    ['another plan alone', assigned('efb87545-963c-4e0d-99df-69c6916d9eb0'), 'not_licensed'],
    ['the plan', assigned('9f431833-0334-42de-a7dc-70aa40db46db'), 'fail'],
    ['no plan at all', assigned(), 'fail'],
  ])('come from the organisation where subscriptions may not be read: %s', async (_name, organization, expected) => {
    const run = await scan((path) =>
      path.startsWith('/subscribedSkus') ? refused : { body: { value: [organization] } },
    )
    expect(verdict(run)).toBe(expected)
    // What was refused to the engine alone is told as nobody's failure.
    expect(run.frames.filter(({ t, state }) => t === 'source.read' && state !== 'read')).toEqual([])
  })

  test('that nobody may read leave the check as it is', async () => {
    expect(verdict(await scan(() => refused))).toBe('fail')
  })

  test('a host that cannot sign in to Graph leaves the check as it is', async () => {
    services = await startFakeServices(() => ({
      body: { '@adminapi.warnings': [], value: [{ CustomerLockboxEnabled: false }] },
    }))
    const network = { proxyUrl: services.proxyUrl, caFile: services.caFile }
    const token = ({ service }: { service?: string }) =>
      service === 'graph'
        ? { error: { code: 'AADSTS65001', message: 'no consent', state: 'denied' } }
        : { accessToken: 'aaa.bbb.ccc', expiresAt: '2030-01-01T00:00:00Z' }
    const run = await startEngine(job({ controls: ['1.3.6'], network }), { token }).ended
    expect(verdict(run)).toBe('fail')
  })
})

test('every licence that a check or a source names is a known plan with a title', () => {
  const root = new URL('..', import.meta.url)
  const read = (path: string) => JSON.parse(readFileSync(new URL(path, root), 'utf8'))
  const list = (folder: string, ending: string) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(ending))
      .map((name) => read(`${folder}/${name.replaceAll('\\', '/')}`))
  const named = [...list('checks', 'check.json'), ...list('sources', '.json')].flatMap(({ licence }) => licence ?? [])
  expect(named.length).toBeGreaterThan(20)
  const plans = read('sources/service-plans.json')
  const titles = readFileSync(new URL('engine/judge/licences.ps1', root), 'utf8')
  for (const name of new Set(named)) {
    expect(plans[name]?.length, name).toBeGreaterThan(0)
    expect(titles, name).toMatch(new RegExp(`\\b${name} = '`))
  }
})
