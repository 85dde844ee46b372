// What continuous integration runs: every suite and every gate, each told apart, and one closing line that sums them.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'tenantscope-ci-'))
const report = join(folder, 'vitest.json')
const tally = { passed: 0, failed: 0, skipped: 0 }

try {
  const tests = run('tests', 'npm', [
    'test',
    '--',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ])
  countTests(tests)
  for (const gate of ['lint', 'typecheck', 'build', 'check:pkg', 'check:unused']) {
    const ok = run(gate, 'npx', ['--yes', 'pnpm@12.21.0', 'run', gate])
    tally[ok ? 'passed' : 'failed'] += 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`)
process.exitCode = tally.failed === 0 ? 0 : 1

function run(name, command, args) {
  console.log(`\n── ${name}`)
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' })
  return status === 0
}

/** The report is the truth; a run that left none, or ended badly without a failed test, counts as one failure. */
function countTests(ended) {
  let results
  try {
    results = JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    tally.failed += 1
    return
  }
  tally.passed += results.numPassedTests
  tally.failed += results.numFailedTests
  tally.skipped += results.numPendingTests + results.numTodoTests
  if ((!ended || results.numTotalTests === 0) && results.numFailedTests === 0) tally.failed += 1
}
