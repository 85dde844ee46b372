import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { powershellRoot } from '../index.js'
import { runPwsh } from './pwsh.ts'

interface CaseResult {
  check: string
  case: string
  ok: boolean
  expected: unknown
  actual: unknown
}

// One pwsh process for all cases: starting one per check would cost more than all verdicts together.
const output = await runPwsh('engine/judge/Test-Cases.ps1')
const results = output.stdout
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as CaseResult)

const folders = readdirSync(join(powershellRoot, 'checks'), { withFileTypes: true })
  .filter((area) => area.isDirectory())
  .flatMap((area) =>
    readdirSync(join(powershellRoot, 'checks', area.name), { withFileTypes: true })
      .filter((folder) => folder.isDirectory())
      .map((folder) => `${area.name}/${folder.name}`),
  )

test('every check folder has cases and all of them were run', () => {
  expect(output.stderr).toBe('')
  expect([...new Set(results.map((result) => result.check))].sort()).toEqual(folders.sort())
})

for (const check of new Set(results.map((result) => result.check))) {
  describe(check, () => {
    for (const result of results.filter((one) => one.check === check)) {
      test(result.case, () => {
        expect({ ok: result.ok, actual: result.actual }, JSON.stringify(result.expected)).toMatchObject({ ok: true })
      })
    }
  })
}
