import { parseArgs } from 'node:util'
import { race, twenty } from './claims.ts'
import { clockJump } from './clock-jump.ts'
import { backends, blackhole, restart } from './database.ts'
import { disk } from './disk.ts'
import { openGround } from './installation.ts'
import { kill } from './kill.ts'
import { order } from './order.ts'
import { reportLine, type Scenario } from './report.ts'
import { sleep } from './sleep.ts'

/**
 * `npm run faults [-- NAME …] [--short] [--runs N]`: one line for each scenario; ends with 1 when anything failed. `--short` runs each once, with few controls.
 */
const scenarios: Record<string, { scenario: Scenario; runs: number }> = {
  kill: { scenario: kill, runs: 20 },
  sleep: { scenario: sleep, runs: 10 },
  restart: { scenario: restart, runs: 5 },
  backends: { scenario: backends, runs: 5 },
  blackhole: { scenario: blackhole, runs: 5 },
  disk: { scenario: disk, runs: 5 },
  clock: { scenario: clockJump, runs: 4 },
  order: { scenario: order, runs: 1 },
  race: { scenario: race, runs: 1 },
  twenty: { scenario: twenty, runs: 1 },
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean', default: false }, runs: { type: 'string' } },
})
const unknown = positionals.filter((name) => !(name in scenarios))
if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}: ${Object.keys(scenarios).join(', ')}`)

const ground = await openGround()
try {
  for (const [name, { scenario, runs }] of Object.entries(scenarios)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue
    const times = values.runs === undefined ? (values.short ? 1 : runs) : Number(values.runs)
    const report = await scenario({ ground, runs: times, short: values.short }).catch((error) => ({
      runs: times,
      failures: [String(error?.stack ?? error)],
      figures: {},
    }))
    console.log(reportLine(name, report))
    for (const failure of report.failures) console.log(`  ${failure}`)
    if (report.failures.length > 0) process.exitCode = 1
  }
} finally {
  await ground.close()
}
