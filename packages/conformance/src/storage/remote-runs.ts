import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { InboxMessage, Scan, Storage } from '@tenantscope/core'
import type { SuiteContext } from './context.ts'
import { addRunning, at, eventsOf, finishOf, leaseMs, must, reload, resultsOf } from './samples.ts'

const sealedKey = { envelope: 'AQIDBA==', keyId: 'k1', keyVersion: 3 }
const later = new Date(at.getTime() + 5_000)
const roomy = { maxWaitingBytes: 1_000_000, maxWaiting: 100 }

function message(sequence: number, overrides: Partial<InboxMessage> = {}): InboxMessage {
  const body = { sequence, text: 'ü €', nested: { list: [1, null, true] } }
  return { id: `msg_${sequence}`, sequence, offset: 0, events: 1, bytes: 100, body, ...overrides }
}

async function addOpen(storage: Storage): Promise<Scan> {
  const scan = await addRunning(storage)
  assert.equal(await storage.remoteRuns.open({ scanId: scan.id, attempt: 1, sealedKey, at }), true)
  return scan
}

/** The scan's next attempt, by the way of a worker that gives it back. */
async function secondAttempt(storage: Storage, scan: Scan): Promise<void> {
  must(await storage.work.release({ scanId: scan.id, attempt: 1, at }), 'release')
  must(await storage.work.claim({ scanId: scan.id, workerId: 'worker-2', leaseMs, at }), 'claim')
}

export function remoteRunTests(context: SuiteContext): void {
  openTests(context)
  appendTests(context)
  takeTests(context)
  endTests(context)
}

function openTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('remoteRuns.open', () => {
    it('gives the running attempt an inbox, found by the scan alone, and every field back', async () => {
      const scan = await addOpen(storage())
      const found = must(await storage().remoteRuns.find({ scanId: scan.id }), 'find')
      assert.deepEqual(found.run, {
        platformTenantId: scan.platformTenantId,
        scanId: scan.id,
        attempt: 1,
        sealedKey,
        openedAt: at,
        closedAt: null,
        lastMessageAt: null,
        consumed: 0,
        accepted: 0,
        rejected: 0,
      })
      assert.deepEqual(found.scan, await reload(storage(), scan))
    })

    it('refuses any other attempt, a scan that does not run, and one that is not there', async () => {
      const scan = await addRunning(storage())
      const { remoteRuns } = storage()
      for (const attempt of [0, 2])
        assert.equal(await remoteRuns.open({ scanId: scan.id, attempt, sealedKey, at }), false)
      await storage().work.finish(finishOf(scan))
      assert.equal(await remoteRuns.open({ scanId: scan.id, attempt: 1, sealedKey, at }), false)
      for (const scanId of [randomUUID(), 'not-a-row-id']) {
        assert.equal(await remoteRuns.open({ scanId, attempt: 1, sealedKey, at }), false)
        assert.equal(await remoteRuns.find({ scanId }), null)
      }
      assert.equal(await remoteRuns.find({ scanId: scan.id }), null)
    })

    it('takes the place of the earlier attempt, with its key, its messages and its counts', async () => {
      const scan = await addOpen(storage())
      const { remoteRuns } = storage()
      const scanId = scan.id
      assert.equal(await remoteRuns.append({ scanId, attempt: 1, message: message(0), at, ...roomy }), 'stored')
      await remoteRuns.countRejected({ scanId, attempt: 1, at })
      await secondAttempt(storage(), scan)
      const other = { ...sealedKey, envelope: 'BBBB' }
      assert.equal(await remoteRuns.open({ scanId, attempt: 2, sealedKey: other, at: later }), true)
      const { run } = must(await remoteRuns.find({ scanId }), 'find')
      assert.deepEqual(
        [run.attempt, run.sealedKey, run.accepted, run.rejected, run.lastMessageAt],
        [2, other, 0, 0, null],
      )
      assert.deepEqual(await remoteRuns.take({ scanId, attempt: 2, handled: [], consumed: 0, limit: 10 }), [])
      assert.equal(await remoteRuns.append({ scanId, attempt: 1, message: message(1), at, ...roomy }), 'ended')
      assert.deepEqual(await remoteRuns.take({ scanId, attempt: 1, handled: [], consumed: 0, limit: 10 }), [])
    })
  })
}

function appendTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('remoteRuns.append', () => {
    it('stores a message once, however often and from however many it comes', async () => {
      const { id: scanId } = await addOpen(storage())
      const { remoteRuns } = storage()
      const again = () => remoteRuns.append({ scanId, attempt: 1, message: message(0), at: later, ...roomy })
      const answers = await Promise.all(Array.from({ length: 8 }, again))
      assert.deepEqual(answers.sort(), [...Array(7).fill('known'), 'stored'])
      const { run } = must(await remoteRuns.find({ scanId }), 'find')
      assert.deepEqual([run.accepted, run.lastMessageAt], [1, later])
      assert.deepEqual(await remoteRuns.take({ scanId, attempt: 1, handled: [], consumed: 0, limit: 10 }), [message(0)])
    })

    it('knows what was taken already, under any id; a sign of life is always new', async () => {
      const { id: scanId } = await addOpen(storage())
      const { remoteRuns } = storage()
      const append = (one: InboxMessage) => remoteRuns.append({ scanId, attempt: 1, message: one, at, ...roomy })
      await append(message(0, { events: 5 }))
      await remoteRuns.take({ scanId, attempt: 1, handled: ['msg_0'], consumed: 5, limit: 10 })
      assert.equal(await append(message(0, { events: 5 })), 'known')
      assert.equal(await append(message(3, { id: 'other', events: 2 })), 'known')
      assert.equal(await append(message(3, { id: 'longer', events: 3 })), 'stored')
      assert.equal(await append(message(5, { id: 'life', events: 0 })), 'stored')
    })

    it('lets a sender wait when too much waits, by bytes and by number, but never with the only one that can be taken', async () => {
      const { id: scanId } = await addOpen(storage())
      const { remoteRuns } = storage()
      const append = (one: InboxMessage, limits: typeof roomy) =>
        remoteRuns.append({ scanId, attempt: 1, message: one, at, ...limits })
      const tight = { maxWaitingBytes: 150, maxWaiting: 100 }
      assert.equal(await append(message(2), tight), 'stored')
      assert.equal(await append(message(3), tight), 'full')
      assert.equal(await append(message(3), { maxWaitingBytes: 1_000_000, maxWaiting: 1 }), 'full')
      assert.equal(await append(message(0, { bytes: 1_000 }), tight), 'stored')
      assert.equal(await append(message(0, { id: 'again' }), tight), 'full')
      assert.equal(await append(message(0), tight), 'known')
      await remoteRuns.take({ scanId, attempt: 1, handled: ['msg_0'], consumed: 1, limit: 10 })
      assert.equal(await append(message(1, { bytes: 1_000 }), tight), 'stored')
    })

    it('stores nothing for an attempt that is not running', async () => {
      const scan = await addOpen(storage())
      const { remoteRuns, work } = storage()
      const append = (scanId: string, attempt: number) =>
        remoteRuns.append({ scanId, attempt, message: message(0), at, ...roomy })
      assert.equal(await append(scan.id, 2), 'ended')
      assert.equal(await append(randomUUID(), 1), 'ended')
      assert.equal(await append('not-a-row-id', 1), 'ended')
      const never = await addRunning(storage())
      assert.equal(await append(never.id, 1), 'ended')
      await work.finish(finishOf(scan))
      assert.equal(await append(scan.id, 1), 'ended')
    })

    it('changes nothing of the scan, its results and its log', async () => {
      const scan = await addOpen(storage())
      const before = [await reload(storage(), scan), await resultsOf(storage(), scan), await eventsOf(storage(), scan)]
      await storage().remoteRuns.append({ scanId: scan.id, attempt: 1, message: message(0), at, ...roomy })
      const after = [await reload(storage(), scan), await resultsOf(storage(), scan), await eventsOf(storage(), scan)]
      assert.deepEqual(after, before)
    })
  })
}

function takeTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('remoteRuns.take', () => {
    it('gives what waits by sequence and offset, whatever order it came in', async () => {
      const { id: scanId } = await addOpen(storage())
      const { remoteRuns } = storage()
      const came = [
        message(10),
        message(2, { id: 'c', offset: 70_000 }),
        message(9),
        message(2, { id: 'b', offset: 5 }),
        message(0),
      ]
      for (const one of came) await remoteRuns.append({ scanId, attempt: 1, message: one, at, ...roomy })
      const order = async (limit: number) =>
        (await remoteRuns.take({ scanId, attempt: 1, handled: [], consumed: 0, limit })).map(({ id }) => id)
      assert.deepEqual(await order(10), ['msg_0', 'b', 'c', 'msg_9', 'msg_10'])
      assert.deepEqual(await order(2), ['msg_0', 'b'])
    })

    it('drops what was handled and nothing else', async () => {
      const { id: scanId } = await addOpen(storage())
      const { remoteRuns } = storage()
      for (const n of [0, 1, 2]) await remoteRuns.append({ scanId, attempt: 1, message: message(n), at, ...roomy })
      const handled = ['msg_1', 'never-seen', `' or true --`]
      const left = await remoteRuns.take({ scanId, attempt: 1, handled, consumed: 1, limit: 10 })
      assert.deepEqual(left, [message(0), message(2)])
      assert.equal(must(await remoteRuns.find({ scanId }), 'find').run.consumed, 1)
    })
  })
}

function endTests({ test: { describe, it }, storage, capabilities }: SuiteContext): void {
  describe('the end of a remote run', () => {
    it('closes the inbox for good, for its own attempt only', async () => {
      const { id: scanId } = await addOpen(storage())
      const { remoteRuns } = storage()
      await remoteRuns.append({ scanId, attempt: 1, message: message(0), at, ...roomy })
      await remoteRuns.close({ scanId, attempt: 2, consumed: 9, at: later })
      assert.equal(must(await remoteRuns.find({ scanId }), 'find').run.closedAt, null)
      await remoteRuns.close({ scanId, attempt: 1, consumed: 4, at: later })
      await remoteRuns.close({ scanId, attempt: 1, consumed: 7, at })
      const { run } = must(await remoteRuns.find({ scanId }), 'find')
      assert.deepEqual([run.closedAt, run.consumed], [later, 4])
      assert.deepEqual(await remoteRuns.take({ scanId, attempt: 1, handled: [], consumed: 0, limit: 10 }), [])
      assert.equal(await remoteRuns.append({ scanId, attempt: 1, message: message(9), at, ...roomy }), 'ended')
    })

    it('counts what was refused, for its own attempt only', async () => {
      const { id: scanId } = await addOpen(storage())
      const { remoteRuns } = storage()
      for (const attempt of [1, 1, 2]) await remoteRuns.countRejected({ scanId, attempt, at: later })
      await remoteRuns.countRejected({ scanId: 'not-a-row-id', attempt: 1, at })
      const { run } = must(await remoteRuns.find({ scanId }), 'find')
      assert.deepEqual([run.rejected, run.accepted, run.lastMessageAt], [2, 0, later])
    })

    it('comes with the end of its M365 tenant', async () => {
      const { id: scanId, platformTenantId, m365TenantId: id } = await addOpen(storage())
      await storage().remoteRuns.append({ scanId, attempt: 1, message: message(0), at, ...roomy })
      assert.equal(await storage().m365Tenants.delete({ platformTenantId, id }), true)
      assert.equal(await storage().remoteRuns.find({ scanId }), null)
    })

    if (!capabilities.listen) return
    it('mail is told of as growth with sequence 0', async () => {
      const scan = await addOpen(storage())
      const told = Promise.withResolvers<number>()
      const stop = await must(
        storage().listen,
        'listen',
      )((hint) => {
        if (hint.scanId === scan.id) told.resolve(hint.sequence)
      })
      await storage().remoteRuns.append({ scanId: scan.id, attempt: 1, message: message(0), at, ...roomy })
      assert.equal(await told.promise, 0)
      await stop()
    })
  })
}
