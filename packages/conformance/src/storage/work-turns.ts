import assert from 'node:assert/strict'
import type { M365Tenant, Scan } from '@tenantscope/core'
import type { SuiteContext } from './context.ts'
import { addScan, addTenant, finishOf, leaseMs, must, newPlatformTenant } from './samples.ts'

/** More than any test leaves waiting. */
const limit = 100_000

export function turnTests({ test: { describe, it }, storage }: SuiteContext): void {
  let minute = 0
  /** A pending scan, younger than all before it. */
  const waiting = (tenant: M365Tenant) => {
    minute += 1
    return addScan(storage(), tenant, { createdAt: new Date(Date.UTC(2026, 5, 1, 0, minute)) })
  }
  const addTenants = async (platformTenantId: string, count: number) => {
    const tenants: M365Tenant[] = []
    for (let i = 0; i < count; i += 1) tenants.push(await addTenant(storage(), { platformTenantId }))
    return tenants
  }
  const claim = async (scanId: string, startedAt: Date) =>
    must(await storage().work.claim({ scanId, workerId: 'worker-1', leaseMs, at: startedAt }), 'claim')
  const turnsOf = async (...scans: Scan[]) => {
    const mine = new Set(scans.map((scan) => scan.id))
    return (await storage().work.listClaimable({ limit })).filter((id) => mine.has(id))
  }
  const ids = (...scans: (Scan | undefined)[]) => scans.map((scan) => scan?.id)

  describe('work.listClaimable', () => {
    it('gives the oldest scan of each M365 tenant that has none running', async () => {
      const [busy, free] = await addTenants(newPlatformTenant(), 2)
      const running = await waiting(must(busy, 'tenant'))
      await claim(running.id, new Date())
      const behind = await waiting(must(busy, 'tenant'))
      const first = await waiting(must(free, 'tenant'))
      const second = await waiting(must(free, 'tenant'))
      assert.deepEqual(await turnsOf(running, behind, first, second), ids(first))
    })

    it('puts the platform tenant first that has the fewest running, one after the other (R-62)', async () => {
      const many = await addTenants(newPlatformTenant(), 5)
      const [few] = await addTenants(newPlatformTenant(), 1)
      const ofMany: Scan[] = []
      for (const tenant of many) ofMany.push(await waiting(tenant))
      const [a1, a2, a3, a4, a5] = ofMany
      const only = await waiting(must(few, 'tenant'))
      assert.deepEqual(await turnsOf(...ofMany, only), ids(a1, only, a2, a3, a4, a5))
      await claim(must(a1, 'scan').id, new Date())
      await claim(must(a2, 'scan').id, new Date())
      assert.deepEqual(await turnsOf(...ofMany, only), ids(only, a3, a4, a5))
    })

    it('lets the platform tenant go first that was served the longest ago, or never', async () => {
      const platforms = await Promise.all([1, 2, 3].map(() => addTenants(newPlatformTenant(), 2)))
      const served = async (tenant: M365Tenant | undefined, day: number) => {
        const scan = await claim((await waiting(must(tenant, 'tenant'))).id, new Date(Date.UTC(2026, 6, day)))
        await storage().work.finish(finishOf(scan))
      }
      const [late, early, never] = platforms
      await served(late?.[0], 9)
      await served(early?.[0], 8)
      await served(early?.[1], 2)
      const scans: Scan[] = []
      for (const tenants of [late, early, never]) scans.push(await waiting(must(tenants?.[1], 'tenant')))
      assert.deepEqual(await turnsOf(...scans), ids(scans[2], scans[1], scans[0]))
    })

    it('gives each of many workers another scan when they all try what it says', async () => {
      const scans: Scan[] = []
      for (const tenant of await addTenants(newPlatformTenant(), 6)) scans.push(await waiting(tenant))
      const order = await turnsOf(...scans)
      const workers = await Promise.all(
        [1, 2, 3, 4].map(async (n) => {
          for (const scanId of order) {
            const at = new Date()
            const scan = await storage().work.claim({ scanId, workerId: `worker-${n}`, leaseMs, at })
            if (scan) return scan.id
          }
          return null
        }),
      )
      assert.deepEqual([...workers].sort(), order.slice(0, 4).sort())
    })

    it('gives no more than asked for', async () => {
      for (const tenant of await addTenants(newPlatformTenant(), 3)) await waiting(tenant)
      assert.equal((await storage().work.listClaimable({ limit: 2 })).length, 2)
    })
  })

  describe('work.claimNext', () => {
    const claimNext = (workerId: string) => storage().work.claimNext({ workerId, leaseMs, at: new Date() })

    it('claims as claim does the first that is claimable', async () => {
      const tenant = await addTenant(storage(), { platformTenantId: newPlatformTenant() })
      await waiting(tenant)
      const [first] = await storage().work.listClaimable({ limit: 1 })
      const claimed = must(await claimNext('worker-7'), 'claim')
      assert.equal(claimed.id, first)
      const { platformTenantId, id: scanId } = claimed
      const stored = must(await storage().scans.get({ platformTenantId, scanId }), 'scan')
      assert.deepEqual(
        { status: stored.status, workerId: stored.workerId, startedAt: stored.startedAt },
        { status: 'running', workerId: 'worker-7', startedAt: claimed.startedAt },
      )
      assert.ok(must(stored.leaseExpiresAt, 'lease'))
      const events = await storage().events.read({ platformTenantId, scanId, after: 0, limit: 10 })
      assert.equal(events.at(-1)?.type, 'scan.running')
    })

    it('claims nothing when nothing may be claimed', async () => {
      const tenant = await addTenant(storage(), { platformTenantId: newPlatformTenant() })
      const [running, behind] = [await waiting(tenant), await waiting(tenant)]
      await claim(running.id, new Date())
      // What others left waiting goes first.
      let rest = 0
      for (let next = await claimNext('worker-1'); next; next = await claimNext('worker-1')) {
        assert.notEqual(next.id, behind.id)
        await storage().work.finish(finishOf(next))
        rest += 1
      }
      assert.ok(rest < limit)
      assert.deepEqual(await storage().work.listClaimable({ limit }), [])
    })

    it('lets eight workers run sixty scans, each once and never two of one M365 tenant (R-62)', async () => {
      const platforms = await Promise.all([1, 2].map(() => addTenants(newPlatformTenant(), 3)))
      const scans: Scan[] = []
      for (let i = 0; i < 10; i += 1) for (const tenant of platforms.flat()) scans.push(await waiting(tenant))
      const mine = new Set(scans.map((scan) => scan.id))
      const running = new Set<string>()
      const ran: string[] = []
      let violations = 0
      const work = async (workerId: string) => {
        while (ran.length < scans.length) {
          const scan = await claimNext(workerId)
          if (!scan) continue
          const { id: scanId, attempt, m365TenantId } = scan
          if (running.has(m365TenantId)) violations += 1
          running.add(m365TenantId)
          if (mine.has(scanId)) ran.push(scanId)
          await storage().work.renewLease({ scanId, attempt, workerId, leaseMs })
          running.delete(m365TenantId)
          await storage().work.finish(finishOf(scan))
        }
      }
      await Promise.all(Array.from({ length: 8 }, (_, i) => work(`worker-${i}`)))
      assert.equal(violations, 0)
      assert.deepEqual(ran.sort(), scans.map((scan) => scan.id).sort())
    })
  })
}
