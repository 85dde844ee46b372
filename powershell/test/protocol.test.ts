import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { type FakeServices, startFakeServices } from './fake-services.ts'
import { job, type RunningEngine, startEngine } from './host.ts'

const token = { accessToken: 'aaa.bbb.ccc', expiresAt: '2030-01-01T00:00:00Z' }
const running: RunningEngine[] = []
let services: FakeServices | undefined

function start(...args: Parameters<typeof startEngine>): RunningEngine {
  const engine = startEngine(...args)
  running.push(engine)
  return engine
}

afterEach(async () => {
  for (const engine of running.splice(0)) {
    engine.endInput()
    await engine.ended
  }
  await services?.close()
  services = undefined
})

async function hangingServices() {
  services = await startFakeServices(() => ({ fault: 'hang' }))
  return { proxyUrl: services.proxyUrl, caFile: services.caFile }
}

describe('a job', () => {
  test('without sources ends with a check, and frames are numbered from one', async () => {
    const run = await start(job({ controls: ['1.3.8'] })).ended
    expect(run.frames.map((frame) => frame.t)).toEqual(['ready', 'check.finished', 'done'])
    expect(run.frames.map((frame) => frame.seq)).toEqual([1, 2, 3])
    expect(run.frames[0]).toMatchObject({ controls: 1, sources: 0, pid: expect.any(Number) })
    expect(run.frames[1]).toMatchObject({ controlId: '1.3.8', status: 'manual', reasonCode: 'no_api', findings: [] })
    expect(run.frames[2]).toMatchObject({ outcome: 'completed', checks: 1, sources: 0, requests: 0 })
    expect(run).toMatchObject({ code: 0, noise: '', stderr: '' })
  })

  test('may come after `prepare`; nothing of the rehearsal is in its frames', async () => {
    const engine = start({ t: 'prepare', nonce: job().nonce })
    await engine.frame((frame) => frame.t === 'prepared')
    engine.send(job({ controls: ['1.3.8'] }))
    const run = await engine.ended
    expect(run.frames.map((frame) => frame.t)).toEqual(['prepared', 'ready', 'check.finished', 'done'])
    expect(run.frames.at(-1)).toMatchObject({ outcome: 'completed', checks: 1, sources: 0, requests: 0 })
    expect(run).toMatchObject({ code: 0, noise: '', stderr: '' })
  })

  test('may never come: the end of the input ends an engine that waits', async () => {
    const engine = start({ t: 'prepare', nonce: job().nonce })
    engine.endInput()
    expect(await engine.ended).toMatchObject({ frames: [], code: 70, noise: '' })
  })

  test('that needs nothing from a service does not sign in to it', async () => {
    const run = await start(job({ controls: [], sources: ['teams/Get-M365UnifiedTenantSettings'] })).ended
    expect(run.frames.map((frame) => frame.t)).toEqual(['ready', 'source.read', 'evidence', 'done'])
    expect(run.frames[1]).toMatchObject({ state: 'not_supported', requests: 0 })
  })

  test.each([
    ['an unknown protocol', { protocol: 'tenantscope-engine/9' }, 'protocol_unknown'],
    ['no controls', { controls: [] }, 'job_malformed'],
    ['controls that are no list', { controls: '1.3.8' }, 'job_malformed'],
    ['an unknown control', { controls: ['1.3.8', '99.9'] }, 'control_unknown'],
    ['an unknown benchmark', { benchmark: { id: 'cis-m365', version: '9.9.9' } }, 'benchmark_unknown'],
    ['a benchmark that is a path', { benchmark: { id: '../inputs', version: '1' } }, 'benchmark_unknown'],
    ['a tenant that is no GUID', { m365Tenant: { id: 'contoso', defaultDomain: 'contoso.com' } }, 'job_malformed'],
    ['a credential of an unknown kind', { credentialKind: 'magic' }, 'job_malformed'],
    ['an unknown cloud', { cloud: 'mars' }, 'job_malformed'],
    ['no time', { scanStartedAt: 'yesterday' }, 'job_malformed'],
    ['a CA file that is not there', { network: { caFile: '/no/such/file.pem' } }, 'ca_file_missing'],
  ])('with %s fails with a code', async (_name, overrides, code) => {
    const run = await start(job(overrides)).ended
    expect(run.frames.at(-1)).toMatchObject({ t: 'done', outcome: 'failed', error: { code } })
    expect(run.code).toBe(1)
  })

  test.each(['not json', '[]', '{"t":"job"}', '{"t":"job","nonce":"short"}'])(
    'that cannot be answered (%s) ends with words on stderr and no frame',
    async (line) => {
      const run = await start(line).ended
      expect(run.frames).toEqual([])
      expect(run.code).toBe(64)
      expect(run.stderr).toContain('nonce')
    },
  )

  test('whose input has ended already ends at once', async () => {
    const engine = start('')
    engine.endInput()
    expect([64, 70]).toContain((await engine.ended).code)
  })
})

describe('while calls are in flight', () => {
  test('the end of the input ends the engine with exit code 70', async () => {
    const engine = start(job({ network: await hangingServices() }), { token: () => token })
    await engine.frame((frame) => frame.t === 'token.request')
    engine.endInput()
    expect((await engine.ended).code).toBe(70)
  })

  test('cancel ends the job in order', async () => {
    const engine = start(job({ network: await hangingServices() }), { token: () => token })
    await engine.frame((frame) => frame.t === 'token.request')
    engine.send({ t: 'cancel' })
    const run = await engine.ended
    expect(run.frames.at(-1)).toMatchObject({ t: 'done', outcome: 'cancelled' })
    expect(run.frames.filter((frame) => frame.t === 'check.finished')).toEqual([])
    expect(run.code).toBe(3)
  })

  test('the end of the time for the scan ends it, and what is not settled is not judged', async () => {
    const limits = { callTimeoutMs: 60_000, sourceTimeoutMs: 60_000, scanTimeoutMs: 3_000, maxRetries: 5 }
    const run = await start(job({ controls: ['1.3.8', '5.1.2.2'], network: await hangingServices(), limits }), {
      token: () => token,
    }).ended
    expect(run.frames.at(-1)).toMatchObject({ t: 'done', outcome: 'timed_out' })
    expect(run.frames.filter((frame) => frame.t === 'check.finished').map((frame) => frame.controlId)).toEqual([
      '1.3.8',
    ])
    expect(run.code).toBe(4)
  })

  test('heartbeats come at least every ten seconds', async () => {
    const engine = start(job({ network: await hangingServices() }), { token: () => token })
    const first = await engine.frame((frame) => frame.t === 'heartbeat')
    expect(first.ms).toBeLessThanOrEqual(10_000)
    await delay(100)
    engine.send({ t: 'cancel' })
    await engine.ended
  })

  test('lines that make no sense are told and ignored', async () => {
    const engine = start(job({ network: await hangingServices() }), {})
    await engine.frame((frame) => frame.t === 'token.request')
    engine.send('not json')
    engine.send({ t: 'token', id: 99, accessToken: 'secret-of-nobody' })
    engine.send({ t: 'unheard-of' })
    await engine.frame((frame) => frame.t === 'log' && String(frame.message).includes('unknown type'))
    engine.send({ t: 'cancel' })
    const run = await engine.ended
    expect(run.frames.filter((frame) => frame.t === 'log')).toHaveLength(3)
    expect(JSON.stringify(run)).not.toContain('secret-of-nobody')
  })
})

test('a host that never answers for a token is a timeout of its sources', async () => {
  const limits = { callTimeoutMs: 1_000, sourceTimeoutMs: 60_000, scanTimeoutMs: 60_000, maxRetries: 5 }
  const run = await start(job({ limits })).ended
  expect(run.frames.find((frame) => frame.t === 'check.finished')).toMatchObject({
    status: 'error',
    reasonCode: 'timeout',
  })
})

test('a token is in no frame, no argument and no environment', async () => {
  services = await startFakeServices(() => ({ status: 403, body: { error: { code: 'AccessDenied' } } }))
  const secret = 'very.secret.token'
  const run = await start(job({ network: { proxyUrl: services.proxyUrl, caFile: services.caFile } }), {
    token: () => ({ ...token, accessToken: secret }),
  }).ended
  expect(services.requests.map((request) => request.headers.authorization)).toEqual([`Bearer ${secret}`])
  expect(JSON.stringify(run)).not.toContain(secret)
})

test('without keepEvidence no evidence leaves the engine', async () => {
  services = await startFakeServices(() => ({ body: { id: 'authorizationPolicy', defaultUserRolePermissions: {} } }))
  const network = { proxyUrl: services.proxyUrl, caFile: services.caFile }
  const run = await start(job({ keepEvidence: false, network }), { token: () => token }).ended
  expect(run.frames.some((frame) => frame.t === 'source.read')).toBe(true)
  expect(run.frames.filter((frame) => frame.t === 'evidence')).toEqual([])
})
