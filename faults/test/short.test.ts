import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoPostgres } from '../../packages/adapter-postgres/test/postgres-server.ts'
import { race, twenty } from '../claims.ts'
import { clockJump } from '../clock-jump.ts'
import { backends, blackhole, restart } from '../database.ts'
import { disk, whyNoQuota } from '../disk.ts'
import { type Ground, openGround } from '../installation.ts'
import { kill } from '../kill.ts'
import { order } from '../order.ts'
import type { Scenario } from '../report.ts'
import { sleep } from '../sleep.ts'

const given = process.env.TENANTSCOPE_TEST_POSTGRES_URL ? 'a given server must not be crashed by tests' : null
const missing = whyNoPostgres() ?? given ?? (process.platform === 'linux' ? null : 'engines are looked for in /proc')

/** `npm run faults` runs the same many times, with the whole benchmark and the product's own lease. */
describe.skipIf(missing)(`faults under two workers and real scans${missing ? ` (${missing})` : ''}`, () => {
  let ground: Ground
  beforeAll(async () => {
    ground = await openGround()
  })
  afterAll(() => ground?.close())

  const once = async (scenario: Scenario) => {
    const report = await scenario({ ground, runs: 1, short: true })
    expect(report.failures).toEqual([])
    expect(report.runs).toBeGreaterThan(0)
  }

  it('R-11, R-12, R-13 (F-30): a worker that is killed leaves a scan that another one ends, and no engine', () =>
    once(kill))
  it('R-14 (F-32): a worker that slept through its lease changes nothing any more', () => once(sleep))
  it('R-20 (F-31): a crash and restart of the database costs no scan', () => once(restart))
  it('R-21 (F-31): connections that the server ends cost no scan', () => once(backends))
  it('R-22 (F-31): a network that swallows everything holds no call for more than 15 s', () => once(blackhole))
  it('R-69: a wall clock that jumps an hour takes no scan away', () => once(clockJump))
  it('R-17 (F-33): events in any order, repeated, at once or late give the same rows', () => once(order))
  it('R-62 (F-37): of workers that race for scans never two run one M365 tenant', () => once(race))
  it('R-01: twenty slots in four processes run no scan twice', () => once(twenty))
  const quota = whyNoQuota()
  it.skipIf(quota)(`R-24: a full disk costs no scan and leaves none half-written${quota ? ` (${quota})` : ''}`, () =>
    once(disk),
  )
})
