import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { RiskException, Scan, Schedule, Storage, WebhookDelivery, WebhookEndpoint } from '@tenantscope/core'
import type { SuiteContext } from './context.ts'
import {
  addDelivery,
  addEndpoint,
  auditOf,
  deliveriesOf,
  sampleAudit,
  sampleException,
  sampleSchedule,
} from './later-samples.ts'
import {
  addScan,
  addTenant,
  at,
  eventsOf,
  leaseMs,
  must,
  newPlatformTenant,
  recordOf,
  reload,
  resultsOf,
  sampleCredential,
  sampleEvent,
  sampleEvidence,
  sampleResult,
  sampleScan,
} from './samples.ts'

const emptyPage = { data: [], next: null, prev: null }

/** A running scan of a platform tenant of its own, and one row at least in every table. */
export interface Furnished {
  scan: Scan
  endpoint: WebhookEndpoint
  delivery: WebhookDelivery
  exception: RiskException
  schedule: Schedule
  /** Of a key in progress. */
  idempotency: { key: string; fingerprint: string }
}

export async function furnish(storage: Storage): Promise<Furnished> {
  const tenant = await addTenant(storage)
  const { platformTenantId } = tenant
  await storage.credentials.put({ credential: sampleCredential(tenant) })
  const { id: scanId } = await addScan(storage, tenant)
  const running = must(await storage.work.claim({ scanId, workerId: 'worker-1', leaseMs, at }), 'claim')
  const parts = { results: [sampleResult(running, '1.1.1')], evidence: [sampleEvidence('graph/a')], progress: true }
  const scan = must((await storage.work.record(recordOf(running, parts))).scan, 'record')
  const run = { scanId, attempt: running.attempt, at }
  await storage.remoteRuns.open({ ...run, sealedKey: { envelope: 'AQIDBA==', keyId: 'k1', keyVersion: 1 } })
  const message = { id: 'msg_1', sequence: 0, offset: 0, events: 1, bytes: 10, body: {} }
  await storage.remoteRuns.append({ ...run, message, maxWaiting: 10, maxWaitingBytes: 1_000 })
  const endpoint = await addEndpoint(storage, platformTenantId)
  const delivery = await addDelivery(storage, endpoint)
  const exception = must(
    await storage.exceptions.insert({ exception: sampleException(platformTenantId, { m365TenantId: tenant.id }) }),
    'exceptions.insert',
  )
  const audit = sampleAudit(platformTenantId)
  const schedule = must(await storage.schedules.insert({ schedule: sampleSchedule(tenant), audit }), 'schedules.insert')
  const idempotency = { key: randomUUID(), fingerprint: 'POST /scans' }
  await storage.idempotency.begin({ platformTenantId, ...idempotency, at, lockMs: leaseMs })
  return { scan, endpoint, delivery, exception, schedule, idempotency }
}

/** Every method that takes a platform tenant, called with ids of `owner`'s rows by somebody else, and what it must answer. */
export function foreignCalls(
  storage: Storage,
  owner: Furnished,
  platformTenantId: string,
): { method: string; call: () => Promise<unknown>; answer: unknown }[] {
  return [
    ...foreignScanCalls(storage, owner, platformTenantId),
    ...foreignWebhookCalls(storage, owner, platformTenantId),
    ...foreignPlanCalls(storage, owner, platformTenantId),
  ]
}

interface ForeignCall {
  method: string
  call: () => Promise<unknown>
  answer: unknown
}

function foreignScanCalls(storage: Storage, owner: Furnished, platformTenantId: string): ForeignCall[] {
  const { id: scanId, m365TenantId } = owner.scan
  const page = { cursor: null, limit: 50 }
  const foreign = { id: m365TenantId, platformTenantId, m365TenantId: randomUUID() }
  const scan = sampleScan({ ...foreign } as never)
  const credential = sampleCredential(foreign as never)
  const patch = { name: 'taken over', updatedAt: at, updatedBy: 'eve' }
  return [
    {
      method: 'm365Tenants.get',
      call: () => storage.m365Tenants.get({ platformTenantId, id: m365TenantId }),
      answer: null,
    },
    {
      method: 'm365Tenants.getWithCredential',
      call: () => storage.m365Tenants.getWithCredential({ platformTenantId, id: m365TenantId }),
      answer: null,
    },
    {
      method: 'm365Tenants.list',
      call: () => storage.m365Tenants.list({ platformTenantId, status: null, q: null, ...page }),
      answer: emptyPage,
    },
    {
      method: 'm365Tenants.update',
      call: () => storage.m365Tenants.update({ platformTenantId, id: m365TenantId, patch }),
      answer: null,
    },
    {
      method: 'm365Tenants.delete',
      call: () => storage.m365Tenants.delete({ platformTenantId, id: m365TenantId }),
      answer: false,
    },
    {
      method: 'credentials.get',
      call: () => storage.credentials.get({ platformTenantId, m365TenantId }),
      answer: null,
    },
    { method: 'credentials.put', call: () => storage.credentials.put({ credential }), answer: false },
    { method: 'scans.insert', call: () => storage.scans.insert({ scan, event: sampleEvent() }), answer: null },
    { method: 'scans.get', call: () => storage.scans.get({ platformTenantId, scanId }), answer: null },
    {
      method: 'scans.list',
      call: () => storage.scans.list({ platformTenantId, m365TenantId, status: null, since: null, ...page }),
      answer: emptyPage,
    },
    {
      method: 'scans.requestCancel',
      call: () => storage.scans.requestCancel({ platformTenantId, scanId, at, notRunMessage: 'x' }),
      answer: null,
    },
    {
      method: 'results.list',
      call: () => storage.results.list({ platformTenantId, scanId, status: null, controlIds: null, q: null, ...page }),
      answer: emptyPage,
    },
    {
      method: 'results.get',
      call: () => storage.results.get({ platformTenantId, scanId, controlId: '1.1.1' }),
      answer: null,
    },
    {
      method: 'events.read',
      call: () => storage.events.read({ platformTenantId, scanId, after: 0, limit: 50 }),
      answer: [],
    },
    { method: 'evidence.list', call: () => storage.evidence.list({ platformTenantId, scanId }), answer: [] },
  ]
}

function foreignWebhookCalls(storage: Storage, owner: Furnished, platformTenantId: string): ForeignCall[] {
  const { webhooks } = storage
  const { id } = owner.endpoint
  const deliveryId = owner.delivery.id
  const page = { cursor: null, limit: 50 }
  const patch = { status: 'disabled' as const, updatedAt: at, updatedBy: 'eve' }
  const message = { eventType: 'test' as const, scanId: null, payload: null, at }
  return [
    { method: 'webhooks.getEndpoint', call: () => webhooks.getEndpoint({ platformTenantId, id }), answer: null },
    {
      method: 'webhooks.listEndpoints',
      call: () => webhooks.listEndpoints({ platformTenantId, ...page }),
      answer: emptyPage,
    },
    {
      method: 'webhooks.updateEndpoint',
      call: () => webhooks.updateEndpoint({ platformTenantId, id, patch }),
      answer: null,
    },
    { method: 'webhooks.deleteEndpoint', call: () => webhooks.deleteEndpoint({ platformTenantId, id }), answer: false },
    {
      method: 'webhooks.getDelivery',
      call: () => webhooks.getDelivery({ platformTenantId, deliveryId }),
      answer: null,
    },
    {
      method: 'webhooks.listDeliveries',
      call: () => webhooks.listDeliveries({ platformTenantId, endpointId: id, status: null, ...page }),
      answer: emptyPage,
    },
    {
      method: 'webhooks.enqueue',
      call: () => webhooks.enqueue({ platformTenantId, endpointId: id, ...message }),
      answer: 0,
    },
    {
      method: 'webhooks.enqueue about a scan',
      call: () => webhooks.enqueue({ platformTenantId, endpointId: null, ...message, scanId: owner.scan.id }),
      answer: 0,
    },
    {
      method: 'webhooks.redeliver',
      call: () => webhooks.redeliver({ platformTenantId, deliveryId, at }),
      answer: null,
    },
  ]
}

function foreignPlanCalls(storage: Storage, owner: Furnished, platformTenantId: string): ForeignCall[] {
  const { exceptions, schedules } = storage
  const { m365TenantId } = owner.scan
  const page = { cursor: null, limit: 50 }
  const patch = { updatedAt: at, updatedBy: 'eve' }
  const exception = sampleException(platformTenantId, { m365TenantId })
  const schedule = sampleSchedule({ platformTenantId, id: m365TenantId })
  const anyAudit = { resourceType: null, resourceId: null, action: null, actor: null, since: null }
  const anyException = { m365TenantId: null, benchmarkId: null, controlId: null, validAt: null }
  const response = { status: 200, headers: {}, body: '' }
  const keyed = { platformTenantId, ...owner.idempotency }
  const ofException = { platformTenantId, id: owner.exception.id }
  const ofSchedule = { platformTenantId, id: owner.schedule.id }
  return [
    {
      method: 'audit.list',
      call: () => storage.audit.list({ platformTenantId, ...anyAudit, ...page }),
      answer: emptyPage,
    },
    {
      method: 'idempotency.complete',
      call: () => storage.idempotency.complete({ ...keyed, response, at }),
      answer: false,
    },
    { method: 'idempotency.abandon', call: () => storage.idempotency.abandon(keyed), answer: undefined },
    { method: 'exceptions.insert', call: () => exceptions.insert({ exception }), answer: null },
    { method: 'exceptions.get', call: () => exceptions.get(ofException), answer: null },
    {
      method: 'exceptions.list',
      call: () => exceptions.list({ platformTenantId, ...anyException, ...page }),
      answer: emptyPage,
    },
    { method: 'exceptions.update', call: () => exceptions.update({ ...ofException, patch }), answer: null },
    { method: 'exceptions.delete', call: () => exceptions.delete(ofException), answer: false },
    { method: 'schedules.insert', call: () => schedules.insert({ schedule }), answer: null },
    { method: 'schedules.get', call: () => schedules.get(ofSchedule), answer: null },
    {
      method: 'schedules.list',
      call: () => schedules.list({ platformTenantId, m365TenantId: null, enabled: null, ...page }),
      answer: emptyPage,
    },
    { method: 'schedules.update', call: () => schedules.update({ ...ofSchedule, patch }), answer: null },
    { method: 'schedules.delete', call: () => schedules.delete(ofSchedule), answer: false },
  ]
}

/** Lists of everything that a platform tenant has: a stranger with rows of its own sees those. */
const listsOfAll = ['m365Tenants.list', 'webhooks.listEndpoints', 'audit.list', 'exceptions.list', 'schedules.list']

export function isolationTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('platform tenants', () => {
    for (const whose of ['another platform tenant', 'an unknown one', 'an empty id', 'an id with quotes']) {
      it(`see nothing of each other, by any method: ${whose}`, async () => {
        const owner = await furnish(storage())
        const ids: Record<string, () => Promise<string>> = {
          'another platform tenant': async () => (await furnish(storage())).scan.platformTenantId,
          'an unknown one': async () => newPlatformTenant(),
          'an empty id': async () => '',
          'an id with quotes': async () => `' or true --"`,
        }
        const stranger = await must(ids[whose], whose)()
        const own = async () => {
          const { platformTenantId, m365TenantId, id: scanId } = owner.scan
          return [
            await storage().m365Tenants.get({ platformTenantId, id: m365TenantId }),
            await storage().credentials.get({ platformTenantId, m365TenantId }),
            await reload(storage(), owner.scan),
            await resultsOf(storage(), owner.scan),
            await eventsOf(storage(), owner.scan),
            await storage().evidence.list({ platformTenantId, scanId }),
            await storage().webhooks.getEndpoint({ platformTenantId, id: owner.endpoint.id }),
            await deliveriesOf(storage(), owner.endpoint),
            await auditOf(storage(), platformTenantId),
            await storage().exceptions.get({ platformTenantId, id: owner.exception.id }),
            await storage().schedules.get({ platformTenantId, id: owner.schedule.id }),
          ]
        }
        const before = await own()
        for (const { method, call, answer } of foreignCalls(storage(), owner, stranger)) {
          const got = await call()
          // A stranger with rows of its own lists those, and only those.
          if (listsOfAll.includes(method) && whose === 'another platform tenant') {
            const { data } = got as { data: { platformTenantId: string }[] }
            assert.deepEqual(
              data.map((row) => row.platformTenantId),
              [stranger],
              method,
            )
          } else {
            assert.deepEqual(got, answer, method)
          }
        }
        assert.deepEqual(await own(), before)
        const asked = { platformTenantId: owner.scan.platformTenantId, ...owner.idempotency, at, lockMs: leaseMs }
        assert.deepEqual(await storage().idempotency.begin(asked), { kind: 'in_progress' })
      })
    }

    it('find an M365 tenant by GUID only among their own', async () => {
      const tenant = await addTenant(storage())
      const platformTenantId = newPlatformTenant()
      const { m365TenantId } = tenant
      assert.equal(await storage().m365Tenants.getByM365TenantId({ platformTenantId, m365TenantId }), null)
    })
  })
}
