import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { OpenCredential, Runner, RunnerEvent, RunnerHost, RunnerJob } from '@tenantscope/core'
import {
  freshTenant,
  hardenedTenant,
  type Simulator,
  startSimulator,
  type TenantDocument,
} from '@tenantscope/m365-simulator'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { judgeEvidence, type MsalSignIn, msalSignIn, pwshRunner } from '../src/index.ts'
import { enginesOf, eventually } from './processes.ts'
import { collect, isRunning, job as plainJob, host as silentHost, types } from './running.ts'

// The engine itself, against a Microsoft 365 on loopback. Needs PowerShell: without it these tests are skipped, and the run says so.
const probe = pwshRunner()
const { ok: hasPowerShell } = await probe.health()
await probe.close()
const onLinux = process.platform === 'linux'

/** Control → status in a tenant as it comes, and in one where everything has been done. */
const expected: Readonly<Record<string, readonly [string, string]>> = {
  '1.1.1': ['pass', 'pass'],
  '1.2.1': ['manual', 'pass'],
  '2.1.1': ['not_applicable', 'pass'],
  '2.1.8': ['pass', 'pass'],
  '2.1.10': ['fail', 'pass'],
  '3.1.1': ['pass', 'pass'],
  '3.2.1': ['fail', 'pass'],
  '3.3.1': ['fail', 'pass'],
  '4.1': ['fail', 'pass'],
  '4.2': ['fail', 'pass'],
  '5.1.2.2': ['fail', 'pass'],
  '5.1.2.3': ['fail', 'pass'],
  '5.2.2.1': ['fail', 'pass'],
  '5.2.2.2': ['fail', 'pass'],
  '5.2.2.3': ['fail', 'pass'],
  // A new E3 tenant has no Entra ID P2.
  '5.2.2.8': ['not_applicable', 'pass'],
  '5.3.1': ['not_applicable', 'pass'],
  '6.1.1': ['pass', 'pass'],
  '6.2.1': ['fail', 'pass'],
  '7.2.3': ['fail', 'pass'],
  '8.2.2': ['fail', 'pass'],
  '8.5.3': ['fail', 'pass'],
  '9.1.1': ['fail', 'pass'],
  '9.1.6': ['fail', 'pass'],
}
const controlIds = Object.keys(expected)
const certificate = ['cert.pem', 'key.pem'].map((name) =>
  readFileSync(new URL(`certificates/${name}`, import.meta.url), 'utf8'),
)
const withCertificate = (tenant: TenantDocument) => ({
  ...tenant,
  app: { ...tenant.app, certificates: [certificate[0] ?? ''] },
})
const fresh = withCertificate(freshTenant())
const hardened = withCertificate(hardenedTenant())

describe.skipIf(!hasPowerShell)('the engine', () => {
  let simulator: Simulator
  let runner: Runner
  let signIn: MsalSignIn

  beforeAll(async () => {
    simulator = await startSimulator({ tenants: [fresh, hardened], latency: 'none' })
    runner = pwshRunner({ network: { proxyUrl: simulator.proxyUrl, caFile: simulator.caFile } })
    signIn = msalSignIn({ proxyUrl: simulator.proxyUrl, caPem: simulator.caPem })
  })
  afterEach(() => simulator.configure({ faults: [], latencyScale: 1, latency: 'none' }))
  afterAll(async () => {
    await runner?.close()
    await signIn?.close()
    await simulator?.close()
  })

  const jobFor = (tenant: TenantDocument, changes: Partial<RunnerJob> = {}) =>
    plainJob({
      controlIds,
      m365Tenant: { id: tenant.tenantId, defaultDomain: tenant.initialDomain },
      credentialKind: 'certificate',
      ...changes,
    })

  function hostFor(tenant: TenantDocument): RunnerHost {
    const credential: OpenCredential = {
      credentialId: tenant.tenantId,
      kind: 'certificate',
      clientId: tenant.app.clientId,
      secrets: { certificate: certificate.join('') },
    }
    return {
      token: (asked) => signIn.acquire({ ...asked, credential, m365TenantId: tenant.tenantId, cloud: 'commercial' }),
      resolveTxt: (name) => simulator.resolveTxt(name),
    }
  }

  const statuses = (events: readonly RunnerEvent[]) =>
    Object.fromEntries(
      events.flatMap((event) => (event.type === 'check.finished' ? [[event.controlId, event.status]] : [])),
    )

  test.each([
    ['as it comes', fresh, 0],
    ['where everything has been done', hardened, 1],
  ] as const)(
    'judges a tenant %s; the kept evidence gives the same verdicts offline',
    { timeout: 120_000 },
    async (_, tenant, column) => {
      const job = jobFor(tenant)
      const { events, error } = await collect(runner, { job, host: hostFor(tenant) })
      expect(error).toBeNull()
      expect(events[0]?.type).toBe('ready')
      expect(events.at(-1)).toMatchObject({ type: 'done', outcome: 'completed', stats: { checks: controlIds.length } })
      const wanted = Object.fromEntries(controlIds.map((id) => [id, expected[id]?.[column]]))
      expect(statuses(events)).toEqual(wanted)

      const sources = Object.fromEntries(
        events.flatMap((event) => {
          if (event.type !== 'evidence') return []
          const { sourceId, state, data, error } = event
          return [[sourceId, { state, ...(state === 'read' ? { data } : { error }) }]]
        }),
      )
      const evidence = {
        format: 'tenantscope-evidence/1',
        benchmark: job.benchmark,
        scanStartedAt: job.scanStartedAt,
        m365Tenant: job.m365Tenant,
        inputs: {},
        sources,
      }
      const { results } = await judgeEvidence({ evidence, controlIds })
      expect(Object.fromEntries(results.map((result) => [result.controlId, result.status]))).toEqual(wanted)
    },
  )

  test('a refused sign-in denies every source of the service and judges nothing of it', {
    timeout: 60_000,
  }, async () => {
    simulator.configure({ faults: [{ match: { service: 'signin' }, kind: 'denied' }] })
    signIn.forget({ credentialId: hardened.tenantId })
    const { events } = await collect(runner, {
      job: jobFor(hardened, { controlIds: ['5.1.2.2'] }),
      host: hostFor(hardened),
    })
    expect(events.filter((event) => event.type === 'check.finished')).toEqual([
      expect.objectContaining({ controlId: '5.1.2.2', status: 'error', reasonCode: 'permission_missing' }),
    ])
  })

  test('a control that the benchmark does not have fails the job in words', { timeout: 60_000 }, async () => {
    const { events, error } = await collect(runner, { job: jobFor(fresh, { controlIds: ['99.9.9'] }) })
    expect(error).toBeNull()
    expect(events.at(-1)).toMatchObject({ type: 'done', outcome: 'failed', error: { code: 'control_unknown' } })
  })

  test('an abort in the middle of a scan: done says cancelled, no process is left', { timeout: 60_000 }, async () => {
    simulator.configure({ faults: [{ match: { service: 'graph' }, kind: 'hang' }] })
    const abort = new AbortController()
    const { events, error } = await collect(runner, {
      job: jobFor(fresh),
      host: hostFor(fresh),
      signal: abort.signal,
      onEvent: (event) => event.type === 'source.read' && abort.abort(new Error('stop')),
    })
    expect(error).toBeNull()
    expect(events.at(-1)).toMatchObject({ type: 'done', outcome: 'cancelled' })
    if (onLinux) expect(enginesOf(process.pid)).toEqual([])
  })

  test('the time limit of the job ends a scan whose service hangs', { timeout: 60_000 }, async () => {
    simulator.configure({ faults: [{ match: { service: 'graph' }, kind: 'hang' }] })
    const { events } = await collect(runner, { job: jobFor(fresh, { timeoutMs: 4000 }), host: hostFor(fresh) })
    expect(events.at(-1)).toMatchObject({ type: 'done', outcome: 'timed_out' })
  })

  test.skipIf(!onLinux)(
    'S-40 neither arguments nor environment of the engine hold a secret',
    { timeout: 60_000 },
    async () => {
      const given: string[] = []
      const inner = hostFor(fresh)
      const token: RunnerHost['token'] = async (asked) => {
        const answer = await inner.token(asked)
        given.push(answer.accessToken)
        return answer
      }
      let seen = ''
      await collect(runner, {
        job: jobFor(fresh),
        host: { ...inner, token },
        onEvent: (event) => {
          if (event.type === 'source.read' && seen === '') seen = JSON.stringify(enginesOf(process.pid))
        },
      })
      expect(seen).toContain('Start-Checks.ps1')
      expect(given.length).toBeGreaterThan(0)
      for (const secret of [...given, 'PRIVATE KEY', fresh.app.clientSecret]) expect(seen).not.toContain(secret)
    },
  )

  test.skipIf(!onLinux)(
    'R-12 R-44 the engine ends when its host is killed with kill -9',
    { timeout: 60_000 },
    async () => {
      const script = fileURLToPath(new URL('scanning-host.mjs', import.meta.url))
      const input = JSON.stringify({ job: jobFor(fresh), options: {} })
      const host = spawn(process.execPath, ['--conditions=@tenantscope/source', script, input], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      try {
        await once(host.stdout, 'data')
        const [engine] = enginesOf(host.pid ?? -1)
        expect(engine).toBeDefined()
        host.kill('SIGKILL')
        await eventually(async () => engine !== undefined && !(await isRunning(engine.pid)))
      } finally {
        host.kill('SIGKILL')
      }
    },
  )

  test('evidence that is none is refused in words', { timeout: 60_000 }, async () => {
    await expect(judgeEvidence({ evidence: { format: 'something else' } })).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer: '/evidence', detail: expect.stringContaining('tenantscope-evidence/1') }],
    })
  })

  test('a script that is not there is told', { timeout: 60_000 }, async () => {
    const lost = pwshRunner({ packPath: fileURLToPath(new URL('.', import.meta.url)) })
    try {
      const { events, error } = await collect(lost, { host: silentHost })
      expect(types(events)).not.toContain('done')
      expect(error).toMatchObject({ code: 'runner_died', message: expect.stringContaining('exit code 64') })
    } finally {
      await lost.close()
    }
  })
})
