import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { powershellRoot } from '@tenantscope/powershell'
import { describe, expect, test } from 'vitest'
import { loadBenchmarks } from '../src/catalogue/benchmarks.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const page = () => readFileSync(new URL('../../../docs/permissions.md', import.meta.url), 'utf8')

describe('docs/permissions.md', () => {
  test('is what the declarations say', () => {
    const args = ['--conditions=@tenantscope/source', 'scripts/generate-permissions.mjs', '--check']
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    expect(status, stderr).toBe(0)
  })

  test('names every permission and role of a source that a control reads', async () => {
    const [cis] = await loadBenchmarks(powershellRoot)
    const read = new Set(cis?.controls.flatMap(({ needs = [] }) => needs.flatMap(({ anyOf }) => anyOf)))
    const sources = cis?.sources?.filter(({ id }) => read.has(id)) ?? []
    expect(sources.length).toBeGreaterThan(50)
    const text = page()
    for (const { appRoles, directoryRoles } of sources) {
      for (const { name } of appRoles) expect(text).toContain(`| \`${name}\` |`)
      for (const { name } of directoryRoles.flat()) expect(text).toContain(name)
    }
    expect(text).toContain('Full write power')
  })
})
