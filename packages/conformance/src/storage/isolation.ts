import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Scan, Storage } from '@tenantscope/core'
import type { SuiteContext } from './context.ts'
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

/** A scan with everything that can hang on it. */
async function furnished(storage: Storage): Promise<Scan> {
  const tenant = await addTenant(storage)
  await storage.credentials.put({ credential: sampleCredential(tenant) })
  const { id: scanId } = await addScan(storage, tenant)
  const running = must(await storage.work.claim({ scanId, workerId: 'worker-1', leaseMs, at }), 'claim')
  const parts = { results: [sampleResult(running, '1.1.1')], evidence: [sampleEvidence('graph/a')], progress: true }
  return must((await storage.work.record(recordOf(running, parts))).scan, 'record')
}

/** Every method that takes a platform tenant, called with ids of `owner`'s rows by somebody else, and what it must answer. */
export function foreignCalls(
  storage: Storage,
  owner: Scan,
  platformTenantId: string,
): { method: string; call: () => Promise<unknown>; answer: unknown }[] {
  const { id: scanId, m365TenantId } = owner
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

export function isolationTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('platform tenants', () => {
    for (const whose of ['another platform tenant', 'an unknown one', 'an empty id', 'an id with quotes']) {
      it(`see nothing of each other, by any method: ${whose}`, async () => {
        const owner = await furnished(storage())
        const ids: Record<string, () => Promise<string>> = {
          'another platform tenant': async () => (await furnished(storage())).platformTenantId,
          'an unknown one': async () => newPlatformTenant(),
          'an empty id': async () => '',
          'an id with quotes': async () => `' or true --"`,
        }
        const stranger = await must(ids[whose], whose)()
        const own = async () => {
          const { platformTenantId, m365TenantId, id: scanId } = owner
          return [
            await storage().m365Tenants.get({ platformTenantId, id: m365TenantId }),
            await storage().credentials.get({ platformTenantId, m365TenantId }),
            await reload(storage(), owner),
            await resultsOf(storage(), owner),
            await eventsOf(storage(), owner),
            await storage().evidence.list({ platformTenantId, scanId }),
          ]
        }
        const before = await own()
        for (const { method, call, answer } of foreignCalls(storage(), owner, stranger)) {
          const got = await call()
          // A stranger with rows of its own lists those, and only those.
          if (method === 'm365Tenants.list' && whose === 'another platform tenant') {
            const { data } = got as { data: { id: string }[] }
            assert.ok(data.length === 1 && data[0]?.id !== owner.m365TenantId, method)
          } else {
            assert.deepEqual(got, answer, method)
          }
        }
        assert.deepEqual(await own(), before)
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
