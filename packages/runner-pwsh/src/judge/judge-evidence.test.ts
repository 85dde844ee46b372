import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type JudgeEvidenceOptions, judgeEvidence } from './judge-evidence.ts'

const engine = fileURLToPath(new URL('../../test/judging-engine.mjs', import.meta.url))
let base: string
beforeEach(() => {
  base = mkdtempSync(path.join(os.tmpdir(), 'judge-test-'))
})
afterEach(() => {
  const left = readdirSync(base)
  rmSync(base, { recursive: true, force: true })
  // The evidence is a customer's data: nothing of it stays.
  expect(left).toEqual([])
})

function judge(mode: string, changes: Partial<JudgeEvidenceOptions> = {}) {
  const environment = { PATH: process.env.PATH, TMPDIR: base, TEMP: base, SystemRoot: process.env.SystemRoot }
  return judgeEvidence({ evidence: { mode }, command: [process.execPath, engine], environment, ...changes })
}

describe('judging evidence', () => {
  test('gives the results', async () => {
    expect(await judge('good')).toEqual({
      format: 'tenantscope-results/1',
      benchmark: { id: 'cis-m365', version: '5.0.0' },
      results: [
        { controlId: '1.1.1', status: 'pass', reasonCode: null, message: 'Fine.', findings: [], findingsTotal: 0 },
      ],
    })
  })

  test('hands choices over as arguments and the evidence as a file that nobody else can read', async () => {
    const { results } = await judge('arguments', { controlIds: ['1.1.1', '5.2.2.1'], level: 'L1' })
    const { args, mode } = JSON.parse(results[0]?.message ?? '{}')
    expect(args.slice(3)).toEqual([
      ...[expect.stringMatching(/Start-Checks\.ps1$/), '-EvidencePath', 'evidence.json', '-OutputPath', 'results.json'],
      ...['-ControlId', '1.1.1,5.2.2.1', '-Level', 'L1'],
    ])
    if (process.platform !== 'win32') expect(mode).toBe('600')
  })

  test.each(['../../etc/passwd', '1.1.1;id', '1.1.1\n', '__proto__', '１.1.1', '-Level', ''])(
    'the id %j never becomes an argument',
    async (id) => {
      await expect(judge('good', { controlIds: ['1.1.1', id] })).rejects.toMatchObject({
        code: 'invalid_input',
        errors: [{ pointer: '/controlIds/1' }],
      })
    },
  )

  test.each([
    ['unknownControl', 'invalid_input', /has no control 9\.9\.9/],
    ['unusable', 'invalid_input', /The file evidence is not evidence/],
    ['crash', 'runner_died', /exit code 1.*Something broke/],
    ['nothing', 'runner_output', /no results/],
    ['badStatus', 'runner_output', /results\[0\]\.status/],
    ['noJson', 'runner_output', /not JSON/],
  ])('%s is told as %s', async (mode, code, words) => {
    const error = await judge(mode).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code, message: expect.stringMatching(words) })
    expect(String(error)).not.toContain(base)
  })

  test('a hung engine is ended by the time limit, and by an abort', async () => {
    await expect(judge('hang', { timeoutMs: 300 })).rejects.toMatchObject({ code: 'runner_hung' })
    const abort = new AbortController()
    const judging = judge('hang', { signal: abort.signal })
    setTimeout(() => abort.abort(new Error('enough')), 200)
    await expect(judging).rejects.toThrow('enough')
  })
})
