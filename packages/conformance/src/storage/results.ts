import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { ResultStatus } from '@tenantscope/core'
import type { SuiteContext } from './context.ts'
import {
  addRunning,
  eventsOf,
  recordOf,
  reload,
  resultsOf,
  sampleEvent,
  sampleEvidence,
  sampleFinding,
  sampleResult,
} from './samples.ts'

export function resultTests(context: SuiteContext): void {
  storedResultTests(context)
  eventAndEvidenceTests(context)
}

function storedResultTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('results', () => {
    it('gives back every field as it was recorded', async () => {
      const scan = await addRunning(storage())
      const result = sampleResult(scan, '1.1.3', {
        status: 'error',
        reasonCode: 'permission_missing',
        message: 'Grant "Policy.Read.All" – then scan again.',
        findings: [sampleFinding(), sampleFinding({ expected: [1, { a: null }], actual: 'x'.repeat(5000) })],
        findingsTotal: 1234,
        durationMs: 12.75,
      })
      const bare = sampleResult(scan, '1.1.1', { startedAt: null, durationMs: null })
      await storage().work.record(recordOf(scan, { results: [result, bare] }))
      const key = { platformTenantId: scan.platformTenantId, scanId: scan.id }
      assert.deepEqual(await storage().results.get({ ...key, controlId: '1.1.3' }), result)
      assert.deepEqual(await storage().results.get({ ...key, controlId: '1.1.1' }), bare)
      assert.equal(await storage().results.get({ ...key, controlId: '1.1.10' }), null)
      assert.equal(await storage().results.get({ ...key, scanId: randomUUID(), controlId: '1.1.1' }), null)
    })

    it('lists in the order of the planned controls, whatever the order they came in', async () => {
      const scan = await addRunning(storage(), { plannedControls: ['1.10', '1.2', '1.1', '2.1'] })
      for (const id of ['2.1', '1.1', '1.10', '1.2']) {
        await storage().work.record(recordOf(scan, { results: [sampleResult(scan, id)] }))
      }
      const ids = (await resultsOf(storage(), scan)).map((result) => result.controlId)
      assert.deepEqual(ids, ['1.10', '1.2', '1.1', '2.1'])
    })

    it('filters by status, controls and q', async () => {
      const scan = await addRunning(storage())
      const results = [
        sampleResult(scan, '1.1.1', { message: '50% of Users' }),
        sampleResult(scan, '1.1.3', { status: 'fail', message: 'half_done' }),
        sampleResult(scan, '1.1.10', { status: 'fail', message: 'a \\ b' }),
      ]
      await storage().work.record(recordOf(scan, { results }))
      const ids = async (filters: { status?: ResultStatus; controlIds?: string[]; q?: string }) => {
        const page = await storage().results.list({
          platformTenantId: scan.platformTenantId,
          scanId: scan.id,
          status: filters.status ?? null,
          controlIds: filters.controlIds ?? null,
          q: filters.q ?? null,
          cursor: null,
          limit: 50,
        })
        return page.data.map((result) => result.controlId)
      }
      assert.deepEqual(await ids({ status: 'fail' }), ['1.1.3', '1.1.10'])
      assert.deepEqual(await ids({ controlIds: ['1.1.10', '1.1.1', '9.9'] }), ['1.1.1', '1.1.10'])
      assert.deepEqual(await ids({ controlIds: [] }), [])
      assert.deepEqual(await ids({ q: '1.1.1' }), ['1.1.1', '1.1.10'])
      assert.deepEqual(await ids({ q: 'uSERS' }), ['1.1.1'])
      assert.deepEqual(await ids({ q: '%' }), ['1.1.1'])
      assert.deepEqual(await ids({ q: '_' }), ['1.1.3'])
      assert.deepEqual(await ids({ q: '\\' }), ['1.1.10'])
      assert.deepEqual(await ids({ q: '1.1', status: 'fail', controlIds: ['1.1.3'] }), ['1.1.3'])
    })

    it('gives an empty page for a scan that is not there', async () => {
      const { platformTenantId } = await addRunning(storage())
      for (const scanId of [randomUUID(), 'no-uuid']) {
        const filters = { status: null, controlIds: null, q: null, cursor: null, limit: 10 }
        const page = await storage().results.list({ platformTenantId, scanId, ...filters })
        assert.deepEqual(page, { data: [], next: null, prev: null })
      }
    })
  })
}

function eventAndEvidenceTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('events', () => {
    it('reads in sequence, after a given one, up to a limit', async () => {
      const scan = await addRunning(storage())
      const events = ['a', 'b', 'c'].map((name) => sampleEvent({ data: { name, list: [1, null], nested: { x: 1.5 } } }))
      await storage().work.record(recordOf(scan, { events }))
      const { platformTenantId, id: scanId } = scan
      const log = await eventsOf(storage(), scan)
      assert.deepEqual(
        log.map((event) => event.sequence),
        [1, 2, 3, 4, 5],
      )
      assert.deepEqual(
        log.slice(2),
        events.map((event, i) => ({ ...event, scanId, sequence: i + 3, attempt: 1 })),
      )
      assert.deepEqual(await storage().events.read({ platformTenantId, scanId, after: 3, limit: 1 }), [log[3]])
      assert.deepEqual(await storage().events.read({ platformTenantId, scanId, after: 5, limit: 10 }), [])
      assert.deepEqual(
        await storage().events.read({ platformTenantId, scanId, after: Number.MAX_SAFE_INTEGER, limit: 10 }),
        [],
      )
      assert.equal((await reload(storage(), scan)).lastSequence, 5)
    })

    it('are none for a scan that is not there', async () => {
      const { platformTenantId } = await addRunning(storage())
      const read = (scanId: string) => storage().events.read({ platformTenantId, scanId, after: 0, limit: 10 })
      assert.deepEqual(await read(randomUUID()), [])
      assert.deepEqual(await read('no-uuid'), [])
    })
  })

  describe('evidence', () => {
    it('lists by source id and replaces what a source said before', async () => {
      const scan = await addRunning(storage())
      const { platformTenantId, id: scanId } = scan
      const denied = sampleEvidence('graph/b', {
        state: 'denied',
        data: null,
        error: { code: 'Forbidden', message: 'No.', permission: 'Policy.Read.All', status: 403 },
      })
      const list = sampleEvidence('exchange/x', { data: [{ deep: { er: [true] } }, 'text', 0] })
      await storage().work.record(recordOf(scan, { evidence: [sampleEvidence('graph/b'), sampleEvidence('graph/a')] }))
      await storage().work.record(recordOf(scan, { evidence: [denied, list, sampleEvidence('Z', { data: 'text' })] }))
      assert.deepEqual(await storage().evidence.list({ platformTenantId, scanId }), [
        sampleEvidence('Z', { data: 'text' }),
        list,
        sampleEvidence('graph/a'),
        denied,
      ])
    })

    it('is empty for a scan that is not there', async () => {
      const { platformTenantId } = await addRunning(storage())
      assert.deepEqual(await storage().evidence.list({ platformTenantId, scanId: randomUUID() }), [])
      assert.deepEqual(await storage().evidence.list({ platformTenantId, scanId: 'no-uuid' }), [])
    })
  })
}
