import { postgresStorage } from '@tenantscope/adapter-postgres'
import { addScan, addTenant, finishOf } from '@tenantscope/conformance'
import type { M365Tenant, Scan, Storage } from '@tenantscope/core'
import postgres from 'postgres'
import type { RunNote } from '../packages/queue-pg-boss/test/paced-runner.ts'
import { openTenantscope } from '../packages/queue-pg-boss/test/scan-host.ts'
import { startScript } from '../packages/queue-pg-boss/test/worker-process.ts'
import { luck, type Scenario } from './report.ts'

/**
 * F-37: eight workers, a database connection each, claim as fast as they can among few M365 tenants. Who has claimed takes a lock of the database for the
 * M365 tenant, which knows nothing of the product: when it is taken, two scans of one M365 tenant run at once.
 */
export const race: Scenario = async ({ ground, runs, short }) => {
  const url = await ground.server.createDatabase()
  const storage = postgresStorage({ url, maxConnections: 8 })
  const workers = 8
  const claims = short ? 25 : 1_000
  const failures: string[] = []
  const claimed: string[] = []
  let lost = 0
  try {
    await storage.migrate()
    const tenants: M365Tenant[] = []
    for (let i = 0; i < 5; i += 1) {
      const first = await addTenant(storage)
      tenants.push(first, await addTenant(storage, { platformTenantId: first.platformTenantId }))
    }
    for (let run = 0; run < runs; run += 1)
      await Promise.all(
        Array.from({ length: workers }, async (_, number) => {
          const outcome = await raceOne({ storage, url, tenants, number, claims })
          claimed.push(...outcome.claimed)
          failures.push(...outcome.failures)
          lost += outcome.lost
        }),
      )
    if (new Set(claimed).size !== claimed.length) failures.push('a scan was claimed twice')
  } finally {
    await storage.close()
  }
  return { runs, failures, figures: { workers, claims: claimed.length, 'claims that found none': lost } }
}

async function raceOne(params: {
  storage: Storage
  url: string
  tenants: M365Tenant[]
  number: number
  claims: number
}) {
  const { storage, url, tenants, number, claims } = params
  const locks = postgres(url, { max: 1, onnotice: () => {} })
  const random = luck(37 + number)
  const outcome = { claimed: [] as string[], failures: [] as string[], lost: 0 }
  const claim = async (): Promise<Scan | null> => {
    const at = new Date()
    const scan = await storage.work.claimNext({ workerId: `worker-${number}`, leaseMs: 600_000, at })
    if (!scan) outcome.lost += 1
    return scan
  }
  try {
    while (outcome.claimed.length < claims) {
      // There is always something to claim, and not so much that workers keep out of each other's way.
      const tenant = tenants[Math.floor(random() * tenants.length)]
      if (tenant) await addScan(storage, tenant)
      const scan = await claim()
      if (!scan) continue
      outcome.claimed.push(scan.id)
      const key = `${scan.platformTenantId} ${scan.m365TenantId}`
      const [row] = await locks`select pg_try_advisory_lock(hashtextextended(${key}, 0)) as free`
      if (!row?.free) outcome.failures.push(`two scans of the M365 tenant ${scan.m365TenantId} run at once`)
      if (row?.free) await locks`select pg_advisory_unlock(hashtextextended(${key}, 0))`
      if (!(await storage.work.finish(finishOf(scan)))) outcome.failures.push(`scan ${scan.id} was taken away`)
    }
  } finally {
    await locks.end({ timeout: 2 })
  }
  return outcome
}

/**
 * Twenty workers' worth of claims: four processes with five slots each on one database, the whole product but for the engine, which is a runner that judges six
 * controls in a blink. No scan may run twice, and no M365 tenant may be in two runs at once.
 */
export const twenty: Scenario = async ({ ground, runs, short }) => {
  const url = await ground.server.createDatabase()
  const failures: string[] = []
  const take = async () => null
  const api = openTenantscope({ connectionString: url, worker: false, runner: { pauseMs: 0, note: () => {}, take } })
  const processes = Array.from({ length: 4 }, () => ({ connectionString: url, pauseMs: 2, worker: { concurrency: 5 } }))
  const workers: ReturnType<typeof startScript>[] = []
  let scans = 0
  try {
    await api.start()
    workers.push(...processes.map((settings) => startScript('scan-worker.ts', settings)))
    await Promise.all(workers.map((worker) => worker.line((line) => line.includes('"ready"'))))
    const scope = api.forPlatformTenant('msp', { actor: 'ann' })
    const tenants: string[] = []
    for (let i = 0; i < 24; i += 1) {
      const { id } = await scope.m365Tenants.register({
        m365TenantId: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
        name: `Tenant ${i}`,
        defaultDomain: `t${i}.onmicrosoft.com`,
        credential: { kind: 'client_secret', clientId: 'app', clientSecret: 'a-secret-of-a-test' },
      })
      tenants.push(id)
    }
    const started: Scan[] = []
    for (let i = 0; i < (short ? 48 : 480) * runs; i += 1)
      started.push(await scope.scans.start({ m365TenantId: tenants[i % tenants.length] ?? '' }))
    for (const { id } of started) {
      const scan = await scope.scans.finished(id)
      scans += 1
      if (scan.status !== 'completed' || scan.attempt !== 1 || scan.counts.pass !== 6)
        failures.push(`scan ${id} ended ${scan.status} in attempt ${scan.attempt}`)
    }
    const notes = workers.flatMap((worker) => worker.lines.map((line) => JSON.parse(line) as RunNote))
    const starts = notes.flatMap((note) => (note.event === 'start' ? [note.scanId] : []))
    if (new Set(starts).size !== starts.length) failures.push('a scan was run twice')
    if (new Set(starts).size !== scans) failures.push(`${starts.length} runs of ${scans} scans`)
    for (const note of notes)
      if (note.event === 'overlap') failures.push(`two runs of the M365 tenant ${note.tenant} at once`)
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()))
    await api.close()
  }
  return { runs, failures, figures: { processes: processes.length, slots: 20, scans } }
}
