import assert from 'node:assert/strict'
import type { Scan, WebhookDelivery, WebhookEndpoint, WebhookOutcome } from '@tenantscope/core'
import type { SuiteContext } from './context.ts'
import { addDelivery, addEndpoint, deliveriesOf } from './later-samples.ts'
import { addRunning, addScan, addTenant, at, finishOf, leaseMs, must, newPlatformTenant } from './samples.ts'

export function outboxTests(context: SuiteContext): void {
  endingTests(context)
  claimTests(context)
  settleTests(context)
}

/** What ends a scan tells so. */
function endingTests({ test: { describe, it }, storage, passTime }: SuiteContext): void {
  describe('the outbox', () => {
    const told = async (endpoint: WebhookEndpoint, scan: Scan) =>
      (await deliveriesOf(storage(), endpoint))
        .filter(({ scanId }) => scanId === scan.id)
        .map(({ eventType, payload, status }) => ({ eventType, payload, status }))
    const one = (eventType: string) => [{ eventType, payload: null, status: 'pending' }]

    it('gets one delivery per endpoint with the end of a scan', async () => {
      for (const status of ['completed', 'failed', 'cancelled'] as const) {
        const scan = await addRunning(storage())
        const all = await addEndpoint(storage(), scan.platformTenantId)
        const wanting = await addEndpoint(storage(), scan.platformTenantId, { eventTypes: [`scan.${status}`] })
        const other = await addEndpoint(storage(), scan.platformTenantId, { eventTypes: ['test'] })
        const off = await addEndpoint(storage(), scan.platformTenantId, { status: 'disabled' })
        const foreign = await addEndpoint(storage(), newPlatformTenant())
        must(await storage().work.finish(finishOf(scan, { status })), 'finish')
        // The second is refused, and tells nobody.
        assert.equal(await storage().work.finish(finishOf(scan, { status })), null)
        for (const endpoint of [all, wanting]) assert.deepEqual(await told(endpoint, scan), one(`scan.${status}`))
        for (const endpoint of [other, off, foreign]) assert.deepEqual(await told(endpoint, scan), [])
      }
    })

    it('does not keep a scan from its end when an endpoint is deleted in the same moment', async () => {
      for (let round = 0; round < 6; round += 1) {
        const scan = await addRunning(storage())
        const { platformTenantId } = scan
        const kept = await addEndpoint(storage(), platformTenantId)
        const gone = [await addEndpoint(storage(), platformTenantId), await addEndpoint(storage(), platformTenantId)]
        const [ended] = await Promise.all([
          storage().work.finish(finishOf(scan)),
          ...gone.map(({ id }) => storage().webhooks.deleteEndpoint({ platformTenantId, id })),
        ])
        assert.equal(must(ended, 'finish').status, 'completed')
        assert.deepEqual(await told(kept, scan), one('scan.completed'))
        for (const endpoint of gone) assert.deepEqual(await deliveriesOf(storage(), endpoint), [])
      }
    })

    it('gets one when a pending scan is cancelled, once, and none when a running one is asked to stop', async () => {
      const pending = await addScan(storage(), await addTenant(storage()))
      const running = await addRunning(storage())
      for (const scan of [pending, running]) {
        const { platformTenantId, id: scanId } = scan
        const endpoint = await addEndpoint(storage(), platformTenantId)
        for (let times = 0; times < 2; times += 1)
          await storage().scans.requestCancel({ platformTenantId, scanId, at, notRunMessage: 'x' })
        assert.deepEqual(await told(endpoint, scan), scan === pending ? one('scan.cancelled') : [])
      }
    })

    it('gets one for what the sweep ends, and none for what it puts back', async () => {
      const claimed = async () => {
        const scan = await addScan(storage(), await addTenant(storage()))
        return must(await storage().work.claim({ scanId: scan.id, workerId: 'w', leaseMs: 20, at }), 'claim')
      }
      const [poisoned, cancelled] = [await claimed(), await claimed()]
      const { platformTenantId, id: scanId } = cancelled
      await storage().scans.requestCancel({ platformTenantId, scanId, at, notRunMessage: 'x' })
      const endpoints = [
        await addEndpoint(storage(), poisoned.platformTenantId),
        await addEndpoint(storage(), platformTenantId),
      ]
      await passTime(20)
      await storage().work.sweep({ maxAttempts: 1, at })
      assert.deepEqual(await told(must(endpoints[0], 'endpoint'), poisoned), one('scan.failed'))
      assert.deepEqual(await told(must(endpoints[1], 'endpoint'), cancelled), one('scan.cancelled'))
      const requeued = await claimed()
      const endpoint = await addEndpoint(storage(), requeued.platformTenantId)
      await passTime(20)
      await storage().work.sweep({ maxAttempts: 3, at })
      assert.deepEqual(await told(endpoint, requeued), [])
    })
  })
}

/** Claims everything that is due, and gives what belongs to this endpoint: the rest is other tests'. */
function claimsFor({ storage }: SuiteContext, leaseMs: number) {
  return async (endpoint: WebhookEndpoint): Promise<WebhookDelivery[]> => {
    const claimed = await storage().work.claimDeliveries({ workerId: 'w', leaseMs, limit: 10_000 })
    return claimed.filter(({ endpointId }) => endpointId === endpoint.id)
  }
}

function claimTests(context: SuiteContext): void {
  const { storage, passTime } = context
  const { describe, it } = context.test
  const claimFor = claimsFor(context, leaseMs)
  describe('claimDeliveries', () => {
    it('takes what is due, counts the attempt, and gives it to nobody else meanwhile', async () => {
      const endpoint = await addEndpoint(storage(), newPlatformTenant())
      const delivery = await addDelivery(storage(), endpoint)
      assert.deepEqual(await claimFor(endpoint), [{ ...delivery, attempts: 1 }])
      assert.deepEqual(await claimFor(endpoint), [])
    })

    it('takes it again when the lease is over', async () => {
      const endpoint = await addEndpoint(storage(), newPlatformTenant())
      await addDelivery(storage(), endpoint)
      await claimsFor(context, 20)(endpoint)
      await passTime(20)
      assert.deepEqual(
        (await claimFor(endpoint)).map(({ attempts }) => attempts),
        [2],
      )
    })

    it('lets an endpoint have two at once, also when many ask', async () => {
      const endpoint = await addEndpoint(storage(), newPlatformTenant())
      for (let i = 0; i < 5; i += 1) await addDelivery(storage(), endpoint)
      const rounds = await Promise.all(Array.from({ length: 4 }, () => claimFor(endpoint)))
      const claimed = rounds.flat()
      assert.equal(claimed.length, 2)
      const first = must(claimed[0], 'claimed')
      const outcome: WebhookOutcome = { kind: 'delivered', responseStatus: 200 }
      const { id: deliveryId, platformTenantId } = first
      await storage().work.settleDelivery({ deliveryId, platformTenantId, attempt: 1, outcome, at })
      assert.equal((await claimFor(endpoint)).length, 1)
    })

    it('takes at most as many as asked for, the one due longest first', async () => {
      const platformTenantId = newPlatformTenant()
      await storage().work.claimDeliveries({ workerId: 'w', leaseMs, limit: 10_000 })
      const made: string[] = []
      for (let i = 0; i < 3; i += 1) {
        made.push((await addDelivery(storage(), await addEndpoint(storage(), platformTenantId))).id)
        // Due times have milliseconds.
        await new Promise((resolve) => setTimeout(resolve, 3))
      }
      const [first] = await storage().work.claimDeliveries({ workerId: 'w', leaseMs, limit: 1 })
      const rest = await storage().work.claimDeliveries({ workerId: 'w', leaseMs, limit: 10 })
      assert.deepEqual([must(first, 'claimed').id, ...rest.map(({ id }) => id)], made)
    })
  })
}

function settleTests(context: SuiteContext): void {
  const { storage, passTime } = context
  const { describe, it } = context.test
  const claimFor = claimsFor(context, leaseMs)
  const tried = async () => {
    const endpoint = await addEndpoint(storage(), newPlatformTenant())
    await addDelivery(storage(), endpoint)
    const [delivery] = await claimFor(endpoint)
    return { endpoint, delivery: must(delivery, 'claimDeliveries') }
  }
  const settle = ({ id: deliveryId, platformTenantId, attempts }: WebhookDelivery, outcome: WebhookOutcome) =>
    storage().work.settleDelivery({ deliveryId, platformTenantId, attempt: attempts, outcome, at })
  const now = ({ platformTenantId, id: deliveryId }: WebhookDelivery) =>
    storage().webhooks.getDelivery({ platformTenantId, deliveryId })
  const delivered: WebhookOutcome = { kind: 'delivered', responseStatus: 204 }

  describe('settleDelivery', () => {
    it('ends one that was taken in, once', async () => {
      const { endpoint, delivery } = await tried()
      assert.equal(await settle(delivery, delivered), true)
      const ended = {
        status: 'delivered',
        nextAttemptAt: null,
        lastAttemptAt: at,
        responseStatus: 204,
        completedAt: at,
      }
      assert.deepEqual(await now(delivery), { ...delivery, ...ended })
      assert.equal(await settle(delivery, { kind: 'retry', responseStatus: 500, error: 'late', delayMs: 0 }), false)
      assert.deepEqual(await claimFor(endpoint), [])
    })

    it('puts one off that is to be tried again', async () => {
      const { endpoint, delivery } = await tried()
      const busy = (delayMs: number): WebhookOutcome => ({
        kind: 'retry',
        responseStatus: 503,
        error: 'Busy.',
        delayMs,
      })
      assert.equal(await settle(delivery, busy(leaseMs)), true)
      const waiting = must(await now(delivery), 'getDelivery')
      const { nextAttemptAt, ...rest } = waiting
      assert.ok(must(nextAttemptAt, 'nextAttemptAt') > must(delivery.nextAttemptAt, 'nextAttemptAt'))
      const { nextAttemptAt: _, ...before } = delivery
      assert.deepEqual(rest, { ...before, lastAttemptAt: at, responseStatus: 503, error: 'Busy.' })
      assert.deepEqual(await claimFor(endpoint), [])
    })

    it('tries it again when its time has come, and takes nothing from the try before', async () => {
      const { endpoint, delivery } = await tried()
      await settle(delivery, { kind: 'retry', responseStatus: null, error: 'No answer.', delayMs: 20 })
      await passTime(20)
      const [claimed] = await claimFor(endpoint)
      const again = must(claimed, 'claimDeliveries')
      assert.deepEqual([again.attempts, again.error], [2, 'No answer.'])
      assert.equal(await settle(delivery, delivered), false)
      assert.equal(await settle(again, delivered), true)
      assert.equal((await now(delivery))?.error, null)
    })

    it('gives one up, and with a reason its endpoint too', async () => {
      for (const disableEndpoint of [null, 'It answered 410 Gone.']) {
        const { endpoint, delivery } = await tried()
        const outcome: WebhookOutcome = { kind: 'failed', responseStatus: null, error: 'No answer.', disableEndpoint }
        assert.equal(await settle(delivery, outcome), true)
        const ended = { status: 'failed', nextAttemptAt: null, lastAttemptAt: at, completedAt: at, error: 'No answer.' }
        assert.deepEqual(await now(delivery), { ...delivery, ...ended })
        const { platformTenantId, id } = endpoint
        const expected = disableEndpoint
          ? { ...endpoint, status: 'disabled', disabledReason: disableEndpoint, updatedAt: at }
          : endpoint
        assert.deepEqual(await storage().webhooks.getEndpoint({ platformTenantId, id }), expected)
      }
    })

    it('takes nothing from the wrong attempt or under the wrong platform tenant', async () => {
      const { delivery } = await tried()
      assert.equal(await settle({ ...delivery, attempts: 2 }, delivered), false)
      assert.equal(await settle({ ...delivery, platformTenantId: newPlatformTenant() }, delivered), false)
      assert.deepEqual(await now(delivery), delivery)
    })

    it('lets one be delivered again that has ended, and leaves one alone whose try is under way', async () => {
      const { endpoint, delivery } = await tried()
      const { platformTenantId, id: deliveryId } = delivery
      const redeliver = () => storage().webhooks.redeliver({ platformTenantId, deliveryId, at })
      assert.deepEqual(await redeliver(), delivery)
      await settle(delivery, { kind: 'failed', responseStatus: 400, error: 'No.', disableEndpoint: null })
      const again = must(await redeliver(), 'redeliver')
      assert.deepEqual([again.status, again.attempts, again.completedAt], ['pending', 0, null])
      assert.deepEqual(await now(delivery), again)
      assert.deepEqual(await claimFor(endpoint), [{ ...again, attempts: 1 }])
    })
  })
}
