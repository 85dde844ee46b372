import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guid, latch, started, untilAborted } from '../../test/fixture.ts'
import { checked, done } from '../../test/scripted-runner.ts'
import { inProcessQueue } from '../queue/in-process-queue.ts'
import type { Queue } from '../queue/queue.ts'
import type { AuditEntry } from '../storage/audit.ts'
import type { M365Tenant } from '../tenants/m365-tenant.ts'
import type { PlatformTenantScope, Tenantscope } from '../tenantscope.ts'

const secret = 'a-secret-value-of-the-second-kind'
const input = {
  m365TenantId: '99999999-2222-4333-8444-555555555555',
  name: 'Fabrikam',
  defaultDomain: 'fabrikam.onmicrosoft.com',
  inputs: { approvedPublicGroups: ['a-group-name'] },
  credential: { kind: 'client_secret' as const, clientId: guid, clientSecret: secret },
}

describe('audit log', () => {
  let tenantscope: Tenantscope
  let scope: PlatformTenantScope
  let tenant: M365Tenant

  beforeEach(async () => {
    const fixture = await started(async function* () {
      yield done()
    })
    ;({ tenantscope, tenant } = fixture)
    scope = tenantscope.forPlatformTenant('msp-1', { actor: 'ben', requestId: 'req-7' })
  })
  afterEach(() => tenantscope.close())

  /** What `write` left in the log, newest first. */
  const noted = async (write: () => Promise<unknown>): Promise<AuditEntry[]> => {
    const before = new Set((await scope.audit.list({ limit: 200 })).data.map(({ id }) => id))
    await write()
    return (await scope.audit.list({ limit: 200 })).data.filter(({ id }) => !before.has(id))
  }

  it('has an entry for each write: who, by which request, what, and names of fields only', async () => {
    const { id } = tenant
    const ofTenant = { type: 'm365_tenant', id }
    const scans: string[] = []
    const writes: [string, () => Promise<unknown>, () => Partial<AuditEntry>][] = [
      [
        'm365_tenant.updated',
        () =>
          scope.m365Tenants.update(id, { name: 'Renamed', description: 'words', defaultDomain: tenant.defaultDomain }),
        () => ({ resource: ofTenant, detail: { fields: ['description', 'name'] } }),
      ],
      [
        'credential.replaced',
        () => scope.m365Tenants.replaceCredentials(id, input.credential),
        () => ({ resource: ofTenant, detail: { fields: ['credential'] } }),
      ],
      [
        'inputs.replaced',
        () => scope.m365Tenants.setInputs(id, input.inputs),
        () => ({ resource: ofTenant, detail: { fields: ['approvedPublicGroups'] } }),
      ],
      [
        'm365_tenant.tested',
        () => scope.m365Tenants.testConnection(id),
        () => ({ resource: ofTenant, detail: { fields: ['lastTest', 'status'] } }),
      ],
      [
        'scan.started',
        async () => scans.push((await scope.scans.start({ m365TenantId: id })).id),
        () => ({ resource: { type: 'scan', id: scans[0] ?? '' }, detail: { m365TenantId: id } }),
      ],
      ['m365_tenant.deleted', () => scope.m365Tenants.remove(id), () => ({ resource: ofTenant, detail: {} })],
    ]
    for (const [action, write, expected] of writes) {
      const entries = (await noted(write)).filter((entry) => entry.action === action)
      expect(entries, action).toEqual([
        {
          ...expected(),
          action,
          actor: 'ben',
          requestId: 'req-7',
          platformTenantId: 'msp-1',
          id: expect.any(String),
          at: expect.any(Date),
        },
      ])
    }
    const [created] = await noted(() => scope.m365Tenants.register(input))
    expect(created).toMatchObject({
      action: 'm365_tenant.created',
      detail: { fields: ['credential', 'defaultDomain', 'inputs', 'm365TenantId', 'name'] },
    })
    const log = JSON.stringify(await scope.audit.list({ limit: 200 }))
    for (const value of [secret, 'a-secret-value', 'Renamed', 'words', 'a-group-name', 'Fabrikam'])
      expect(log).not.toContain(value)
  })

  it('has nothing of what was refused', async () => {
    const refused = [
      () => scope.m365Tenants.register({ ...input, m365TenantId: guid }),
      () => scope.m365Tenants.register({ ...input, name: '' }),
      () => scope.m365Tenants.update('00000000-0000-4000-8000-00000000dead', { name: 'x' }),
      () => scope.scans.start({ m365TenantId: tenant.id, controlIds: ['nope'] }),
    ]
    for (const write of refused) expect(await noted(() => write().catch(() => {}))).toEqual([])
  })

  it('is filtered and paged, and shows a platform tenant its own only', async () => {
    await scope.m365Tenants.update(tenant.id, { name: 'one' })
    await scope.m365Tenants.update(tenant.id, { name: 'two' })
    const other = tenantscope.forPlatformTenant('msp-2', { actor: 'bob' })
    await other.m365Tenants.register(input)
    const first = await scope.audit.list({ action: 'm365_tenant.updated', limit: 1 })
    const second = await scope.audit.list({ action: 'm365_tenant.updated', limit: 1, cursor: first.next })
    expect(new Set([...first.data, ...second.data].map(({ id }) => id)).size).toBe(2)
    expect(second.next).toBeNull()
    expect((await scope.audit.list({ actor: 'ann' })).data.map(({ action, requestId }) => [action, requestId])).toEqual(
      [['m365_tenant.created', null]],
    )
    expect((await scope.audit.list({ resourceType: 'm365_tenant', resourceId: tenant.id })).data).toHaveLength(3)
    expect((await scope.audit.list({ since: new Date(Date.now() + 60_000) })).data).toEqual([])
    expect((await other.audit.list()).data.map(({ actor }) => actor)).toEqual(['bob'])
    await expect(scope.audit.list({ nonsense: 1 } as never)).rejects.toMatchObject({
      errors: [{ pointer: '/nonsense' }],
    })
  })

  it('takes no empty and no endless request id', () => {
    for (const requestId of ['', 'x'.repeat(201)])
      expect(() => tenantscope.forPlatformTenant('msp-1', { actor: 'ann', requestId })).toThrow('/requestId')
  })
})

it('S-24: a GUID that another platform tenant has registered answers as a free one', async () => {
  const { tenantscope, scope } = await started(async function* () {
    yield done()
  })
  const other = tenantscope.forPlatformTenant('msp-2', { actor: 'bob' })
  const taken = await other.m365Tenants.register({ ...input, m365TenantId: guid })
  const free = await other.m365Tenants.register(input)
  const shape = (of: M365Tenant) => ({ ...of, id: '', m365TenantId: '', createdAt: 0, updatedAt: 0 })
  expect(shape(taken)).toEqual(shape(free))
  expect((await scope.m365Tenants.get(guid)).id).not.toBe(taken.id)
  await tenantscope.close()
})

it('S-28: an M365 tenant that is removed while a scan of it runs: the run is stopped, writes nothing afterwards, and nothing waits', async () => {
  const running = latch()
  const aborted = latch()
  const removed: string[] = []
  const inner = inProcessQueue()
  const queue: Queue = {
    ...inner,
    remove: async ({ scanId }) => {
      removed.push(scanId)
      await inner.remove({ scanId })
    },
  }
  const { tenantscope, scope, tenant, storage, runner } = await started(
    async function* ({ signal }) {
      yield checked('1.1.1')
      running.open()
      await untilAborted(signal)
      aborted.open()
      yield checked('1.2.1')
      yield done('cancelled')
    },
    { queue, worker: { heartbeatMs: 50, concurrency: 2 } },
  )
  const writes: unknown[] = []
  const { finish, record } = storage.work
  Object.assign(storage.work, {
    record: async (params: never) => writes.push(await record(params)) && writes.at(-1),
    finish: async (params: never) => writes.push(await finish(params)) && writes.at(-1),
  })
  const first = await scope.scans.start({ m365TenantId: tenant.id })
  await running.promise
  const second = await scope.scans.start({ m365TenantId: tenant.id })
  writes.length = 0
  await scope.m365Tenants.remove(tenant.id)
  await aborted.promise
  while (runner.open > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const cancels = await scope.audit.list({ action: 'scan.cancel_requested' })
  expect(cancels.data.map(({ resource }) => resource.id).sort()).toEqual([first.id, second.id].sort())
  await tenantscope.close()
  expect(writes.filter((answer) => answer !== null && (answer as { accepted?: boolean }).accepted !== false)).toEqual(
    [],
  )
  expect(removed.sort()).toEqual([first.id, second.id].sort())
  expect(runner.jobs).toHaveLength(1)
  for (const { id: scanId } of [first, second])
    expect(await storage.scans.get({ platformTenantId: 'msp-1', scanId })).toBeNull()
})
