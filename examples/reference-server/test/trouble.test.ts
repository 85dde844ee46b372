import { freshTenant } from '@tenantscope/m365-simulator'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { platform, registration, withCertificate } from './platform.ts'
import { ended, enginePids, register, resultsOf, startScan, statusOf } from './scans.ts'

const tenant = freshTenant()
let on: Awaited<ReturnType<typeof platform>>
let tenantId: string

beforeAll(async () => {
  on = await platform({ tenants: [tenant] })
  tenantId = await register(on, await withCertificate(tenant))
})
beforeEach(() => on.simulator.configure({ faults: [] }))
afterAll(() => on.close())

const hold = { match: { source: 'exchange/Get-OrganizationConfig' }, kind: 'hang' as const }

/** Starts a scan and waits until it has found something but cannot end. */
async function halfWay() {
  on.simulator.configure({ faults: [hold] })
  const id = await startScan(on, tenantId, {
    check_ids: ['1.3.8', '3.1.1', '5.1.2.2', '6.1.1'],
  })
  await expect.poll(async () => (await statusOf(on, id)).progress_percentage, { timeout: 20_000 }).toBe(75)
  return id
}

describe('sign-in', () => {
  it('a wrong secret fails the scan with the code in words, and every control says why it was not judged', async () => {
    const { client_id } = registration(tenant)
    await on.call('PUT', `/m365-tenants/${tenantId}/credentials`, { client_id, client_secret: 'wrong' })
    try {
      const id = await startScan(on, tenantId)
      const status = await ended(on, id)
      expect(status).toMatchObject({
        status: 'failed',
        failure_reason: 'sign_in_failed',
        passed: 0,
        failed: 0,
        errors: 0,
      })
      expect(status.error_message).toMatch(/AADSTS7000215/)
      expect(status.error_message).toMatch(/secret/i)
      const rows = [...(await resultsOf(on, id)).values()]
      expect(rows).toHaveLength(status.total_checks)
      expect(new Set(rows.map((row) => `${row.status} ${row.reason_code}`))).toEqual(new Set(['NotRun sign_in_failed']))
    } finally {
      const { certificate } = await withCertificate(tenant)
      await on.call('PUT', `/m365-tenants/${tenantId}/credentials`, { client_id, certificate })
    }
  })
})

describe('a service in trouble costs its own controls only', () => {
  it.each([
    ['is down', 'unavailable', { kind: 'status' as const, status: 500 }],
    ['answers HTML', 'unavailable', { kind: 'html' as const }],
    ['answers nothing', 'unavailable', { kind: 'emptyBody' as const }],
    ['cuts its answer', 'unavailable', { kind: 'truncated' as const }],
    ['denies', 'permission_missing', { kind: 'denied' as const }],
  ])('Teams %s', async (_, reason, fault) => {
    on.simulator.configure({ faults: [{ match: { service: 'teams' }, ...fault }] })
    const id = await startScan(on, tenantId, {
      check_ids: ['5.1.2.2', '6.1.1', '8.2.2', '8.5.3'],
    })
    expect(await ended(on, id)).toMatchObject({ status: 'completed', errors: 2 })
    const rows = await resultsOf(on, id)
    for (const control of ['8.2.2', '8.5.3'])
      expect(rows.get(control)).toMatchObject({ status: 'Error', reason_code: reason })
    for (const control of ['5.1.2.2', '6.1.1']) expect(rows.get(control)?.status).toMatch(/Pass|Fail/)
  })
})

describe.skipIf(process.platform !== 'linux')('processes', () => {
  it('a cancel leaves none behind and keeps what was found', async () => {
    const id = await halfWay()
    expect(enginePids()).toHaveLength(1)
    expect((await on.call('DELETE', `/scans/${id}/cancel`)).status).toBe(200)
    expect(await ended(on, id)).toMatchObject({ status: 'cancelled' })
    expect(enginePids()).toEqual([])
    const rows = await resultsOf(on, id)
    expect(rows.get('5.1.2.2')).toMatchObject({ status: 'Fail' })
    expect(rows.get('6.1.1')).toMatchObject({ status: 'NotRun', reason_code: 'cancelled' })
  })

  it('kill -9 of pwsh keeps the results so far; the rest is not run, the scan failed', async () => {
    const id = await halfWay()
    for (const pid of enginePids()) process.kill(pid, 'SIGKILL')
    expect(await ended(on, id)).toMatchObject({ status: 'failed', failure_reason: 'runner_error' })
    const rows = await resultsOf(on, id)
    expect(rows.get('5.1.2.2')).toMatchObject({ status: 'Fail' })
    expect(rows.get('6.1.1')).toMatchObject({ status: 'NotRun', reason_code: 'runner_error' })
  })
})
