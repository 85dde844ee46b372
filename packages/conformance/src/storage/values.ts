import assert from 'node:assert/strict'
import type { SuiteContext } from './context.ts'
import {
  addRunning,
  addTenant,
  eventsOf,
  must,
  newPlatformTenant,
  recordOf,
  reload,
  resultsOf,
  sampleCredential,
  sampleEvent,
  sampleEvidence,
  sampleFinding,
  sampleResult,
  sampleTenant,
} from './samples.ts'

export function valueTests(context: SuiteContext): void {
  unstorableTextTests(context)
  jsonTests(context)
  copyTests(context)
}

function unstorableTextTests({ test: { describe, it }, storage, capabilities }: SuiteContext): void {
  const replaced = capabilities.unstorableText === 'replaced'
  /** A text with every kind of unstorable character, and what must come back. */
  const hostile = 'nul:\u0000 high:\ud800 low:\udc00! pair:🙂 escaped:\\u0000 \\ud800'
  const expected = replaced ? 'nul:\ufffd high:\ufffd low:\ufffd! pair:🙂 escaped:\\u0000 \\ud800' : hostile

  describe('values', () => {
    it('with unstorable characters cost neither their row nor the others of the batch', async () => {
      const scan = await addRunning(storage())
      const results = [
        sampleResult(scan, '1.1.1'),
        sampleResult(scan, '1.1.3', {
          message: hostile,
          reasonCode: hostile,
          findings: [sampleFinding({ resourceName: hostile, actual: { [hostile]: [hostile] } })],
        }),
        sampleResult(scan, '1.1.10'),
      ]
      const answer = await storage().work.record(
        recordOf(scan, {
          results,
          evidence: [sampleEvidence('a', { data: { value: hostile } }), sampleEvidence('b')],
          events: [sampleEvent({ data: { message: hostile } }), sampleEvent()],
          progress: true,
        }),
      )
      assert.equal(answer.scan?.counts.pass, 3)
      const stored = must((await resultsOf(storage(), scan))[1], 'result')
      assert.deepEqual([stored.message, stored.reasonCode], [expected, expected])
      assert.deepEqual(stored.findings, [sampleFinding({ resourceName: expected, actual: { [expected]: [expected] } })])
      const { platformTenantId, id: scanId } = scan
      const evidence = await storage().evidence.list({ platformTenantId, scanId })
      assert.deepEqual(evidence[0]?.data, { value: expected })
      assert.deepEqual((await eventsOf(storage(), scan))[2]?.data, { message: expected })
    })

    it('with unstorable characters are kept or replaced in plain fields too', async () => {
      const tenant = sampleTenant(newPlatformTenant(), { name: hostile, description: hostile, inputs: { x: hostile } })
      const stored = await storage().m365Tenants.insert({ tenant, credential: null })
      assert.deepEqual(stored, { ...tenant, name: expected, description: expected, inputs: { x: expected } })
      const { platformTenantId } = tenant
      const q = 'nul:\u0000'
      const page = await storage().m365Tenants.list({ platformTenantId, status: null, q, cursor: null, limit: 5 })
      assert.deepEqual(page.data, [stored])
    })
  })
}

function jsonTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('JSON values', () => {
    it('of any depth and kind of JSON come back as they were', async () => {
      const scan = await addRunning(storage())
      let deep: unknown = 'bottom'
      for (let i = 0; i < 400; i += 1) deep = i % 2 === 0 ? [deep] : { down: deep }
      const kinds = {
        numbers: [0, -1, 1.5, 1e21, 1e-7, Number.MAX_SAFE_INTEGER, 0.1],
        texts: ['', ' ', '\n\t\r"\\/', 'null', '{"a":1}', '\u2028', 'e\u0301'],
        others: [true, false, null, [], {}, [[]]],
        '': 'empty key',
        'a.b': { $1: ':schema', '::text': '%s' },
      }
      const findings = [
        sampleFinding({ expected: kinds, actual: deep }),
        sampleFinding({ expected: null, actual: '1' }),
      ]
      const results = [sampleResult(scan, '1.1.1', { findings, findingsTotal: 2 })]
      await storage().work.record(recordOf(scan, { results, evidence: [sampleEvidence('a', { data: deep })] }))
      assert.deepEqual((await resultsOf(storage(), scan))[0]?.findings, findings)
      const { platformTenantId, id: scanId } = scan
      assert.deepEqual((await storage().evidence.list({ platformTenantId, scanId }))[0]?.data, deep)
    })

    it('with keys of Object.prototype are data and nothing else', async () => {
      const scan = await addRunning(storage())
      const text = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":"x"}'
      const evidence = [sampleEvidence('a', { data: JSON.parse(text) })]
      const findings = [sampleFinding({ actual: JSON.parse(text) })]
      await storage().work.record(recordOf(scan, { evidence, results: [sampleResult(scan, '1.1.1', { findings })] }))
      const { platformTenantId, id: scanId } = scan
      const data = (await storage().evidence.list({ platformTenantId, scanId }))[0]?.data as Record<string, unknown>
      assert.equal(data.toString, 'x')
      assert.deepEqual(Object.keys(data).sort(), ['__proto__', 'constructor', 'toString'])
      assert.equal(Object.getPrototypeOf(data), Object.prototype)
      assert.equal(({} as Record<string, unknown>).polluted, undefined)
      const stored = must((await resultsOf(storage(), scan))[0]?.findings[0], 'finding')
      assert.equal(Object.getPrototypeOf(stored.actual), Object.prototype)
    })
  })
}

function copyTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('entities and times', () => {
    it('of time keep every millisecond, before and after the epoch', async () => {
      for (const time of ['1969-12-31T23:59:59.999Z', '2026-03-29T01:30:00.001Z', '2038-01-19T03:14:08.500Z']) {
        const createdAt = new Date(time)
        const tenant = await addTenant(storage(), { createdAt })
        const { platformTenantId, id } = tenant
        const stored = await storage().m365Tenants.get({ platformTenantId, id })
        assert.equal(stored?.createdAt.toISOString(), time)
      }
    })

    it('handed in or out are copies', async () => {
      const tenant = sampleTenant(newPlatformTenant(), { inputs: { list: [1] } })
      const { platformTenantId, id } = tenant
      const credential = sampleCredential(tenant)
      const original = structuredClone({ tenant, credential })
      const returned = must(await storage().m365Tenants.insert({ tenant, credential }), 'insert')
      for (const alias of [tenant, returned]) {
        alias.name = 'changed'
        alias.createdAt.setTime(0)
        ;(alias.inputs.list as number[]).push(2)
      }
      credential.sealed.client_secret = { envelope: 'x', keyId: 'x', keyVersion: 1 }
      const read = must(await storage().m365Tenants.get({ platformTenantId, id }), 'get')
      assert.deepEqual(read, original.tenant)
      read.inputs.more = true
      assert.deepEqual(await storage().m365Tenants.get({ platformTenantId, id }), original.tenant)
      assert.deepEqual(await storage().credentials.get({ platformTenantId, m365TenantId: id }), original.credential)

      const scan = await addRunning(storage())
      const before = structuredClone(scan)
      scan.plannedControls.length = 0
      scan.counts.pass = 99
      assert.deepEqual(await reload(storage(), before), before)
      const result = sampleResult(before, '1.1.1', { findings: [sampleFinding()] })
      await storage().work.record(recordOf(before, { results: [result] }))
      result.findings.length = 0
      assert.equal((await resultsOf(storage(), before))[0]?.findings.length, 1)
    })
  })
}
