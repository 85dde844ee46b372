import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { powershellRoot } from '@tenantscope/powershell'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadBenchmarks } from './benchmarks.ts'

let pack: string
beforeEach(() => {
  pack = mkdtempSync(path.join(os.tmpdir(), 'benchmarks-test-'))
})
afterEach(() => rmSync(pack, { recursive: true, force: true }))

const line = {
  id: '1.1.1',
  check: 'entra/example',
  level: 'L1',
  licence: 'E3',
  profiles: ['E3-L1', 'E5-L1'],
  section: '1.1 Users',
  assessment: 'automated',
  automated: true,
  parameters: {},
}
const check = {
  key: 'entra/example',
  sources: [
    'graph/a',
    { source: 'graph/b', notFound: 'empty' },
    { anyOf: ['sharepoint/tenant', { source: 'graph/c' }] },
  ],
  inputs: ['names'],
  severity: 'high',
  title: 'A title',
  rationale: 'Why.',
  remediation: { portal: 'Somewhere' },
  impact: 'None.',
  references: ['A page'],
  manual: { steps: ['Look.'] },
}

function put(place: string, value: unknown) {
  const file = path.join(pack, place)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value))
}
function putPack(changes: { line?: object; check?: object; controls?: unknown } = {}) {
  const controls = changes.controls ?? [{ ...line, ...changes.line }]
  put('benchmarks/example-1.0.0.json', {
    id: 'example',
    version: '1.0.0',
    name: 'Example',
    released: '2026-01-01',
    controls,
  })
  put('checks/entra/example/check.json', { ...check, ...changes.check })
}

describe('benchmarks of a pack', () => {
  test('carry the texts of their checks; every way to name a source is understood', async () => {
    putPack()
    const [benchmark] = await loadBenchmarks(pack)
    expect(benchmark?.controls).toEqual([
      {
        ...{ id: '1.1.1', check: 'entra/example', title: 'A title', level: 'L1', licence: 'E3' },
        ...{ profiles: ['E3-L1', 'E5-L1'], section: '1.1 Users', assessment: 'automated', automated: true },
        ...{ severity: 'high', rationale: 'Why.', impact: 'None.', references: ['A page'], manualSteps: ['Look.'] },
        remediation: { portal: 'Somewhere', command: null, note: null },
        sources: ['graph/a', 'graph/b', 'sharepoint/tenant | graph/c'],
        needs: [
          { anyOf: ['graph/a'], optional: false },
          { anyOf: ['graph/b'], optional: false },
          { anyOf: ['sharepoint/tenant', 'graph/c'], optional: false },
        ],
        inputs: ['names'],
        requiredInputs: [],
      },
    ])
  })

  test.each([
    ['no severity', { check: { severity: 'extreme' } }, /checks\/entra\/example\/check\.json\), severity/],
    [
      'a key of another check',
      { check: { key: 'entra/other' } },
      /checks\/entra\/example\/check\.json.*key is not entra\/example/,
    ],
    ['a source of no kind', { check: { sources: [{ any: 1 }] } }, /a source is neither/],
    ['a check outside of the folder', { line: { check: '../../etc/passwd' } }, /controls\[0\]\.check is not area\/key/],
    ['a control without a level', { line: { level: 'L9' } }, /control 1\.1\.1/],
    ['one control twice', { controls: [line, line] }, /control 1\.1\.1 is there twice/],
    ['a missing check', { line: { check: 'entra/none' } }, /checks\/entra\/none\/check\.json cannot be read/],
  ])('%s: the error names the file', async (_, changes, words) => {
    putPack(changes)
    const error = await loadBenchmarks(pack).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'runner_failed', message: expect.stringMatching(words) })
    expect(String(error)).not.toContain(pack)
  })

  test('broken JSON and an empty pack are told', async () => {
    await expect(loadBenchmarks(pack)).rejects.toMatchObject({ code: 'runner_failed' })
    putPack()
    put('checks/entra/example/check.json', '{ "key": ')
    await expect(loadBenchmarks(pack)).rejects.toThrow('checks/entra/example/check.json is not JSON')
  })

  test('the pack of @tenantscope/powershell can be read', async () => {
    const benchmarks = await loadBenchmarks(powershellRoot)
    const cis = benchmarks.find((one) => one.id === 'cis-m365' && one.version === '5.0.0')
    expect(cis?.controls.length).toBeGreaterThan(0)
    for (const control of cis?.controls ?? []) expect(control.title).not.toBe('')
  })
})
