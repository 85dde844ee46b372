import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { emptyCounts, progressData, type Scan } from '@tenantscope/core'
import type { SuiteContext } from './context.ts'
import {
  addRunning,
  at,
  eventsOf,
  finishOf,
  must,
  recordOf,
  reload,
  resultsOf,
  sampleEvent,
  sampleEvidence,
  sampleResult,
} from './samples.ts'

export function recordTests(context: SuiteContext): void {
  recordStepTests(context)
  recordLimitTests(context)
  finishTests(context)
  finishGuardTests(context)
}

function recordStepTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('work.record', () => {
    it('stores results, evidence and events in one step and brings the scan up to date', async () => {
      const scan = await addRunning(storage())
      const answer = await storage().work.record(
        recordOf(scan, {
          results: [sampleResult(scan, '1.1.3'), sampleResult(scan, '1.1.1', { status: 'fail' })],
          evidence: [sampleEvidence('graph/a')],
          events: [sampleEvent(), sampleEvent({ type: 'source.read' })],
          progress: true,
        }),
      )
      const stored = must(answer.scan, 'scan')
      assert.equal(answer.accepted, true)
      assert.deepEqual(stored, {
        ...scan,
        counts: { ...emptyCounts(), pass: 1, fail: 1 },
        currentControl: '1.1.1',
        lastSequence: 5,
      })
      assert.deepEqual(await reload(storage(), scan), stored)
      const log = await eventsOf(storage(), scan)
      assert.deepEqual(
        log.slice(2).map((event) => [event.type, event.sequence, event.attempt]),
        [
          ['check.finished', 3, 1],
          ['source.read', 4, 1],
          ['scan.progress', 5, 1],
        ],
      )
      assert.deepEqual(log.at(-1)?.data, progressData(stored))
      assert.deepEqual(log.at(-1)?.at, at)
    })

    it('replaces a result of the same control and keeps the counts equal to the rows (R-17)', async () => {
      const scan = await addRunning(storage())
      await storage().work.record(
        recordOf(scan, { results: [sampleResult(scan, '1.1.1'), sampleResult(scan, '1.1.3')] }),
      )
      const twice = [
        sampleResult(scan, '1.1.1', { status: 'error', message: 'first' }),
        sampleResult(scan, '1.1.1', { status: 'manual', message: 'last' }),
      ]
      const { scan: after } = await storage().work.record(recordOf(scan, { results: twice }))
      assert.deepEqual(after?.counts, { ...emptyCounts(), pass: 1, manual: 1 })
      assert.deepEqual(
        (await resultsOf(storage(), scan)).map((result) => [result.controlId, result.status, result.message]),
        [
          ['1.1.1', 'manual', 'last'],
          ['1.1.3', 'pass', 'All is as it should be.'],
        ],
      )
    })

    it('changes nothing when there is nothing to record', async () => {
      const scan = await addRunning(storage())
      assert.deepEqual(await storage().work.record(recordOf(scan)), { accepted: true, scan })
    })
  })
}

function recordLimitTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('work.record at its limits', () => {
    it('gives concurrent records gapless sequences and exact counts', async () => {
      const planned = Array.from({ length: 20 }, (_, i) => `1.${i}`)
      const scan = await addRunning(storage(), { plannedControls: planned })
      const answers = await Promise.all(
        planned.map((id) =>
          storage().work.record(
            recordOf(scan, { results: [sampleResult(scan, id)], events: [sampleEvent()], progress: true }),
          ),
        ),
      )
      assert.ok(answers.every((answer) => answer.accepted))
      const log = await eventsOf(storage(), scan)
      assert.deepEqual(
        log.map((event) => event.sequence),
        Array.from({ length: 42 }, (_, i) => i + 1),
      )
      const after = await reload(storage(), scan)
      assert.equal(after.lastSequence, 42)
      assert.equal(after.counts.pass, 20)
      // Each progress counted one more than the one before: no write was seen twice or missed.
      const progress = log
        .filter((event) => event.type === 'scan.progress')
        .map((event) => event.data.progressPercentage)
      assert.deepEqual(
        progress,
        planned.map((_, i) => (i + 1) * 5),
      )
    })

    it('takes batches far larger than one statement holds parameters', async () => {
      const planned = Array.from({ length: 1500 }, (_, i) => `c${i}`)
      const scan = await addRunning(storage(), { plannedControls: planned })
      const results = planned.map((id) => sampleResult(scan, id))
      const events = Array.from({ length: 12_000 }, () => sampleEvent())
      const evidence = planned.map((id) => sampleEvidence(id))
      const answer = await storage().work.record(recordOf(scan, { results, events, evidence }))
      assert.equal(answer.scan?.counts.pass, 1500)
      assert.equal(answer.scan?.lastSequence, 12_002)
      const { platformTenantId, id: scanId } = scan
      assert.equal((await storage().evidence.list({ platformTenantId, scanId })).length, 1500)
      const tail = await storage().events.read({ platformTenantId, scanId, after: 12_000, limit: 10 })
      assert.deepEqual(
        tail.map((event) => event.sequence),
        [12_001, 12_002],
      )
    })

    it('refuses what is not running under this attempt (R-14)', async () => {
      const scan = await addRunning(storage())
      const parts = { results: [sampleResult(scan, '1.1.1')], evidence: [sampleEvidence('x')], progress: true }
      const refused = { accepted: false, scan: null }
      assert.deepEqual(await storage().work.record(recordOf(scan, { ...parts, attempt: 2 })), refused)
      assert.deepEqual(await storage().work.record(recordOf(scan, { ...parts, attempt: 0 })), refused)
      assert.deepEqual(await storage().work.record(recordOf(scan, { ...parts, scanId: randomUUID() })), refused)
      assert.deepEqual(await storage().work.record(recordOf(scan, { ...parts, scanId: 'no-uuid' })), refused)
      assert.deepEqual(await reload(storage(), scan), scan)
      assert.deepEqual(await resultsOf(storage(), scan), [])
    })
  })
}

function finishTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('work.finish', () => {
    it('completes the scan, gaps filled with not_run, progress and end told (R-18)', async () => {
      const scan = await addRunning(storage())
      await storage().work.record(recordOf(scan, { results: [sampleResult(scan, '1.1.3')] }))
      const notRun = { reasonCode: 'engine_ended', message: 'The engine ended before it.' }
      const finished = must(await storage().work.finish(finishOf(scan, { notRun })), 'finish')
      assert.deepEqual(finished, {
        ...scan,
        status: 'completed',
        workerId: null,
        leaseExpiresAt: null,
        counts: { ...emptyCounts(), pass: 1, not_run: 3 },
        currentControl: '1.1.3',
        completedAt: at,
        lastSequence: 4,
      })
      assert.deepEqual(await reload(storage(), scan), finished)
      const results = await resultsOf(storage(), scan)
      assert.deepEqual(results[0], {
        ...sampleResult(scan, '1.1.1'),
        status: 'not_run',
        ...notRun,
        startedAt: null,
        completedAt: at,
        durationMs: null,
      })
      assert.deepEqual(
        results.map((result) => result.status),
        ['not_run', 'pass', 'not_run', 'not_run'],
      )
      const log = await eventsOf(storage(), scan)
      assert.deepEqual(
        log.slice(2).map((event) => [event.type, event.data.progressPercentage]),
        [
          ['scan.progress', 100],
          ['scan.completed', 100],
        ],
      )
    })

    it('keeps the reason of a failure', async () => {
      const scan = await addRunning(storage())
      const failure = {
        status: 'failed',
        failureReason: 'timed_out',
        errorMessage: 'Two hours were not enough.',
      } as const
      const finished = must(await storage().work.finish(finishOf(scan, failure)), 'finish')
      assert.deepEqual(
        [finished.status, finished.failureReason, finished.errorMessage],
        ['failed', 'timed_out', 'Two hours were not enough.'],
      )
      const last = must((await eventsOf(storage(), scan)).at(-1), 'event')
      assert.deepEqual([last.type, last.data.failureReason], ['scan.failed', 'timed_out'])
    })
  })
}

function finishGuardTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('work.finish, guarded', () => {
    it('is done by one of many, and never again', async () => {
      const scan = await addRunning(storage())
      const endings = ['completed', 'failed', 'cancelled'] as const
      const answers = await Promise.all(endings.map((status) => storage().work.finish(finishOf(scan, { status }))))
      const won = answers.filter((answer): answer is Scan => answer !== null)
      assert.equal(won.length, 1)
      assert.deepEqual(await reload(storage(), scan), won[0])
      assert.equal((await eventsOf(storage(), scan)).length, 4)
      assert.equal(await storage().work.finish(finishOf(scan)), null)
      assert.equal((await storage().work.record(recordOf(scan, { events: [sampleEvent()] }))).accepted, false)
      assert.equal(await storage().work.release({ scanId: scan.id, attempt: 1, at }), null)
      assert.deepEqual(await reload(storage(), scan), won[0])
    })

    it('answers null for another attempt or another scan', async () => {
      const scan = await addRunning(storage())
      assert.equal(await storage().work.finish(finishOf(scan, { attempt: 2 })), null)
      assert.equal(await storage().work.finish(finishOf(scan, { scanId: randomUUID() })), null)
      assert.equal(await storage().work.finish(finishOf(scan, { scanId: 'no-uuid' })), null)
      assert.deepEqual(await reload(storage(), scan), scan)
    })
  })

  describe('work.finishedControls', () => {
    it('names the controls that have a result', async () => {
      const scan = await addRunning(storage())
      assert.deepEqual(await storage().work.finishedControls({ scanId: scan.id }), [])
      const results = [sampleResult(scan, '2.1.1'), sampleResult(scan, '1.1.1')]
      await storage().work.record(recordOf(scan, { results }))
      assert.deepEqual((await storage().work.finishedControls({ scanId: scan.id })).sort(), ['1.1.1', '2.1.1'])
      assert.deepEqual(await storage().work.finishedControls({ scanId: randomUUID() }), [])
      assert.deepEqual(await storage().work.finishedControls({ scanId: 'no-uuid' }), [])
    })
  })
}
