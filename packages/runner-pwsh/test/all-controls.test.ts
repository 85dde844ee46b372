import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenCredential, RunnerEvent, RunnerHost } from '@tenantscope/core'
import {
  e5Tenant,
  freshTenant,
  hardenedInputs,
  hardenedTenant,
  legacyTenant,
  noLicencesTenant,
  type Simulator,
  startSimulator,
  type TenantDocument,
} from '@tenantscope/m365-simulator'
import { powershellRoot } from '@tenantscope/powershell'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { judgeEvidence, type MsalSignIn, msalSignIn, pwshRunner } from '../src/index.ts'
import { expectedErrors, expectedStatuses, type TenantName, tenantNames } from './expected-statuses.ts'
import { collect, job as plainJob } from './running.ts'

// All 130 controls on every simulated tenant, live; and from the evidence of that scan once more, offline. Needs PowerShell:
// without it these tests are skipped, and the run says so.
const probe = pwshRunner()
const { ok: hasPowerShell } = await probe.health()
await probe.close()

const benchmark = JSON.parse(readFileSync(join(powershellRoot, 'benchmarks', 'cis-m365-5.0.0.json'), 'utf8')) as {
  controls: { id: string }[]
}
const controlIds = benchmark.controls.map(({ id }) => id)
const certificate = ['cert.pem', 'key.pem'].map((name) =>
  readFileSync(new URL(`certificates/${name}`, import.meta.url), 'utf8'),
)
const withCertificate = (tenant: TenantDocument): TenantDocument => ({
  ...tenant,
  app: { ...tenant.app, certificates: [certificate[0] ?? ''] },
})
const tenants: Record<TenantName, TenantDocument> = {
  fresh: withCertificate(freshTenant()),
  hardened: withCertificate(hardenedTenant()),
  e5: withCertificate(e5Tenant()),
  noLicences: withCertificate(noLicencesTenant()),
  legacy: withCertificate(legacyTenant()),
}

test('the table of expectations has every control, and a known answer in every column', () => {
  for (const name of tenantNames) {
    const expected = expectedStatuses(name)
    expect(Object.keys(expected)).toEqual(controlIds)
    for (const [id, status] of Object.entries(expected)) expect(status, `${name} ${id}`).toBeDefined()
    const errors = Object.entries(expected).flatMap(([id, status]) => (status === 'error' ? [`${name} ${id}`] : []))
    expect(errors).toEqual(Object.keys(expectedErrors).filter((key) => key.startsWith(`${name} `)))
  }
})

describe.skipIf(!hasPowerShell)('all controls', () => {
  let simulator: Simulator
  let runner: ReturnType<typeof pwshRunner>
  let signIn: MsalSignIn

  beforeAll(async () => {
    simulator = await startSimulator({ tenants: Object.values(tenants), latency: 'none' })
    runner = pwshRunner({ network: { proxyUrl: simulator.proxyUrl, caFile: simulator.caFile }, standby: 1 })
    signIn = msalSignIn({ proxyUrl: simulator.proxyUrl, caPem: simulator.caPem })
  })
  afterAll(async () => {
    await runner?.close()
    await signIn?.close()
    await simulator?.close()
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

  const sourcesOf = (events: readonly RunnerEvent[]) =>
    Object.fromEntries(
      events.flatMap((event) => {
        if (event.type !== 'evidence') return []
        const { sourceId, state, data, error } = event
        return [[sourceId, { state, ...(state === 'read' ? { data } : { error }) }]]
      }),
    )

  test.each(tenantNames)('%s: as expected, and the same from its evidence', { timeout: 300_000 }, async (name) => {
    const tenant = tenants[name]
    const inputs = name === 'hardened' ? { ...hardenedInputs(tenant) } : {}
    const job = plainJob({
      controlIds,
      inputs,
      m365Tenant: { id: tenant.tenantId, defaultDomain: tenant.initialDomain },
      credentialKind: 'certificate',
      timeoutMs: 240_000,
    })
    // Nothing of a rehearsal may show: some tenants are judged by an engine that had one, the others by a cold one.
    if (name === 'fresh' || name === 'legacy') await runner.prepare()
    const { events, error } = await collect(runner, { job, host: hostFor(tenant) })
    expect(error).toBeNull()
    expect(events.at(-1)).toMatchObject({ type: 'done', outcome: 'completed', stats: { checks: 130 } })

    const live = events.filter((event) => event.type === 'check.finished')
    expect(Object.fromEntries(live.map(({ controlId, status }) => [controlId, status]))).toEqual(expectedStatuses(name))
    for (const { controlId, status, reasonCode } of live)
      if (status === 'error') expect(reasonCode, controlId).toBe(expectedErrors[`${name} ${controlId}`])

    // What a person reads of a control: the same, whether the evidence came a moment ago or from a file.
    const told = (results: readonly { controlId: string }[]) =>
      results
        .map((result) => {
          const { controlId, status, reasonCode, message, findings } = result as (typeof live)[number]
          return { controlId, status, reasonCode, message, findings }
        })
        .sort((a, b) => controlIds.indexOf(a.controlId) - controlIds.indexOf(b.controlId))
    const evidence = {
      format: 'tenantscope-evidence/1',
      benchmark: job.benchmark,
      scanStartedAt: job.scanStartedAt,
      m365Tenant: job.m365Tenant,
      inputs,
      sources: sourcesOf(events),
    }
    // Through text and back, as storage and files keep it.
    const { results } = await judgeEvidence({ evidence: JSON.parse(JSON.stringify(evidence)), controlIds })
    expect(told(results)).toEqual(told(live))
  })
})
