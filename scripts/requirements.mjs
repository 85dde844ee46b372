// Prints which test proves which requirement: the ids come from docs/requirements.md, the proof from the titles of the tests.
//   npm run requirements                          lists the tests (minutes: every test file is loaded) and prints id → file
//   npm run requirements -- --report vitest.json  takes titles and results from a report of `vitest run --reporter=json`
//   npm run requirements -- --only S-,R-4         only ids that begin so
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { collectProofs, readRequirements, renderTable, testsOfList, testsOfReport } from './requirements-table.mjs'

const { values } = parseArgs({ options: { report: { type: 'string' }, only: { type: 'string' } } })
const root = path.resolve(import.meta.dirname, '..')
const requirements = readRequirements(readFileSync(path.join(root, 'docs/requirements.md'), 'utf8'))
const tests = values.report === undefined ? listTests() : testsOfReport(readJson(values.report), root)
const prefixes = values.only?.split(',') ?? ['']
const wanted = requirements.filter(({ id }) => prefixes.some((prefix) => id.startsWith(prefix)))
console.log(renderTable(collectProofs(wanted, tests)))

function listTests() {
  const folder = mkdtempSync(path.join(tmpdir(), 'tenantscope-requirements-'))
  const file = path.join(folder, 'tests.json')
  try {
    // Loaded, not only parsed: the conformance suites make their tests at run time.
    const { status } = spawnSync('npx', ['vitest', 'list', '--staticParse=false', `--json=${file}`], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    })
    if (status !== 0) throw new Error('vitest could not list the tests; what it said is above.')
    return testsOfList(readJson(file), root)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}
