import { finished } from 'node:stream/promises'
import { postgresStorage } from '@tenantscope/adapter-postgres'
import { addScan, addTenant, recordOf, resultsOf, sampleFinding, sampleResult } from '@tenantscope/conformance'
import type { Scan, ScanResult, Storage } from '@tenantscope/core'
import postgres from 'postgres'
import { startPostgres } from '../packages/adapter-postgres/test/postgres-server.ts'
import { interleaved, line, timed } from './measure.ts'

const resultsPerScan = 130
const controls = Array.from({ length: resultsPerScan }, (_, i) => `${1 + (i % 9)}.${1 + Math.floor(i / 9)}`)

interface StorageBench {
  url: string
  storage: Storage
  /** Superuser and owner of all tables: row security does not hold for it. */
  owner: postgres.Sql
  /** What the storage has sent since the last call, in order. */
  sent(): string[]
}

/** A PostgreSQL of its own for one figure. The storage works as everywhere: under the app and worker roles, with row security forced. */
async function onPostgres(figure: (bench: StorageBench) => Promise<void>): Promise<void> {
  const server = await startPostgres()
  try {
    const url = await server.createDatabase()
    let statements: string[] = []
    const debug = (_connection: number, query: string) => void statements.push(query)
    const storage = postgresStorage({ url, maxConnections: 1, connection: { debug } })
    const owner = postgres(url, { max: 1, onnotice: () => {}, fetch_types: false })
    try {
      await storage.migrate()
      const sent = () => {
        const all = statements
        statements = []
        return all
      }
      await figure({ url, storage, owner, sent })
    } finally {
      await storage.close()
      await owner.end({ timeout: 5 })
    }
  } finally {
    await server.stop()
  }
}

async function runningScan(storage: Storage): Promise<Scan> {
  const scan = await addScan(storage, await addTenant(storage), { plannedControls: controls })
  const running = await storage.work.claim({ scanId: scan.id, workerId: 'w', leaseMs: 3_600_000, at: new Date() })
  if (!running) throw new Error('the scan could not be claimed')
  return running
}

/** As the engine gives them: a sentence and, for one in three, a few findings. */
function resultsFor(scan: Scan): ScanResult[] {
  return controls.map((control, i) => {
    const findings = Array.from({ length: i % 3 === 0 ? 4 : 0 }, (_, n) =>
      sampleFinding({ resourceId: `${control}-${n}` }),
    )
    const status = i % 3 === 0 ? 'fail' : 'pass'
    return sampleResult(scan, control, { status, findings, findingsTotal: findings.length })
  })
}

/** F-06: the results of scans, one scan after the other on one connection, beside one COPY of them all by the owner into the same table, past row security. */
export async function storeResults(pairs: number, scansPerRun = 200): Promise<void> {
  await onPostgres(async ({ storage, owner, sent }) => {
    const prepare = async () => {
      const scans: Scan[] = []
      for (let i = 0; i < scansPerRun; i++) scans.push(await runningScan(storage))
      return scans.map((scan) => ({ scan, results: resultsFor(scan) }))
    }
    const ours = async () => {
      const prepared = await prepare()
      return timed(async () => {
        for (const { scan, results } of prepared) {
          const { accepted } = await storage.work.record(recordOf(scan, { results }))
          if (!accepted) throw new Error('the results were not accepted')
        }
      })
    }
    const copy = async () => {
      const prepared = await prepare()
      return timed(async () => {
        await copyResults(
          owner,
          prepared.flatMap(({ results }) => results),
        )
      })
    }
    const scan = await runningScan(storage)
    sent()
    await storage.work.record(recordOf(scan, { results: resultsFor(scan) }))
    const statements = sent()
    if ((await resultsOf(storage, scan)).length !== resultsPerScan) throw new Error('results are missing')
    const { a, b, ratio } = await interleaved(pairs, copy, ours)
    const rows = scansPerRun * resultsPerScan
    const rate = (ms: number) => `${Math.round((rows / ms) * 1_000)} rows/s`
    line('storing results / COPY, rows per second', ratio, { atLeast: 0.4 }, `ours ${rate(b)}, COPY ${rate(a)}`)
    const onTables = statements.filter((text) => /^\s*(with|insert|update|select (?!set_config))/i.test(text))
    line(
      '  statements for 130 results',
      onTables.length,
      { atMost: 3 },
      `${statements.length} with begin, roles and commit`,
    )
  })
}

async function copyResults(owner: postgres.Sql, results: readonly ScanResult[]): Promise<void> {
  const columns = `platform_tenant_id, scan_id, control_id, m365_tenant_id, position, status, reason_code, message, findings, findings_total,
    attempt, started_at, completed_at, duration_ms`
  const into = await owner.unsafe(`copy tenantscope.scan_results (${columns}) from stdin`).writable()
  const text = results.map((result, i) => {
    const values = [
      result.platformTenantId,
      result.scanId,
      result.controlId,
      result.m365TenantId,
      i % resultsPerScan,
      result.status,
      result.reasonCode,
      result.message,
      JSON.stringify(result.findings),
      result.findingsTotal,
      result.attempt,
      result.startedAt?.toISOString(),
      result.completedAt.toISOString(),
      result.durationMs,
    ]
    return values.map((value) =>
      value === null || value === undefined ? '\\N' : String(value).replaceAll('\\', '\\\\'),
    )
  })
  into.end(text.map((row) => `${row.join('\t')}\n`).join(''))
  await finished(into)
}

/** F-07: the results of one scan, read under row security and, with the very same statements, by a role that it does not hold for. */
export async function rowSecurityPrice(pairs: number): Promise<void> {
  await onPostgres(async ({ url, storage, owner, sent }) => {
    const scans: Scan[] = []
    for (let i = 0; i < 40; i++) {
      const scan = await runningScan(storage)
      await storage.work.record(recordOf(scan, { results: resultsFor(scan) }))
      scans.push(scan)
    }
    await owner`analyze`
    const [scan] = scans
    if (!scan) throw new Error('no scan')
    sent()
    await resultsOf(storage, scan)
    const select = sent().find((text) => text.includes('scan_results'))
    if (!select) throw new Error('the reading was not seen')
    // A connection each: a statement prepared on one is planned anew whenever the role changes.
    const under = postgres(url, { max: 1, onnotice: () => {} })
    const read = (sql: postgres.Sql, role: string | null, times: number) =>
      timed(async () => {
        for (let i = 0; i < times; i++) {
          const one = scans[i % scans.length] ?? scan
          const { length } = await readAs(sql, role, one, select)
          if (length !== resultsPerScan) throw new Error(`${length} results`)
        }
      })
    try {
      await read(owner, null, 40)
      await read(under, 'tenantscope_app', 40)
      // Many short pairs: what else the machine does changes within a second.
      const { a, b, ratio } = await interleaved(
        pairs * 20,
        () => read(under, 'tenantscope_app', 20),
        () => read(owner, null, 20),
      )
      line(
        'reading results under row security / without',
        ratio,
        { atMost: 1.15 },
        `${(a / 20).toFixed(2)} ms, ${(b / 20).toFixed(2)} ms a read`,
      )
    } finally {
      await under.end({ timeout: 5 })
    }
  })
}

/** The storage's own statement, in a transaction that is opened as the storage opens it; `role` is all that differs. */
async function readAs(sql: postgres.Sql, role: string | null, scan: Scan, select: string): Promise<unknown[]> {
  const reserved = await sql.reserve()
  try {
    const opened = reserved.unsafe('begin isolation level read committed')
    const setting = reserved.unsafe(
      `select set_config('search_path', 'pg_catalog', true), set_config('tenantscope.platform_tenant', $1::text, true), set_config('role', $2::text, true)`,
      [scan.platformTenantId, role ?? 'none'],
      { prepare: true },
    )
    await Promise.all([opened, setting])
    const rows = await reserved.unsafe(select, [scan.platformTenantId, scan.id, '201'], { prepare: true })
    await reserved.unsafe('commit')
    return rows
  } finally {
    reserved.release()
  }
}

/** F-08: a million scans, five platform tenants; the page at row 90,000 of one of them beside its first page. */
export async function deepPage(pairs: number, scans = 1_000_000): Promise<void> {
  await onPostgres(async ({ storage, owner }) => {
    const tenants = []
    for (let i = 0; i < 5; i++) tenants.push(await addTenant(storage))
    await fillScans(
      owner,
      tenants.map((tenant) => [tenant.platformTenantId, tenant.id]),
      scans,
    )
    const platformTenantId = tenants[0]?.platformTenantId ?? ''
    const page = (cursor: string | null) =>
      storage.scans.list({ platformTenantId, m365TenantId: null, status: null, since: null, cursor, limit: 100 })
    let cursor: string | null = null
    for (let i = 0; i < 900; i++) cursor = (await page(cursor)).next
    if (cursor === null) throw new Error('there is no row 90,000')
    const deep = cursor
    const many = (at: string | null) =>
      timed(async () => {
        for (let i = 0; i < 50; i++) if ((await page(at)).data.length !== 100) throw new Error('the page is not full')
      })
    await many(null)
    await many(deep)
    const { a, b, ratio } = await interleaved(
      pairs,
      () => many(deep),
      () => many(null),
    )
    line(
      'page at row 90,000 / first page',
      ratio,
      { atMost: 1.3 },
      `${(a / 50).toFixed(2)} ms, ${(b / 50).toFixed(2)} ms a page of 100, ${scans} scans`,
    )
  })
}

async function fillScans(
  owner: postgres.Sql,
  tenants: readonly (readonly [string, string])[],
  scans: number,
): Promise<void> {
  const [platforms, ids] = [tenants.map(([platform]) => platform), tenants.map(([, id]) => id)]
  // Foreign keys are checked row by row otherwise; the rows are right by construction.
  await owner`set session_replication_role = replica`
  await owner.unsafe(
    `insert into tenantscope.scans (platform_tenant_id, id, m365_tenant_id, benchmark_id, benchmark_version, options, planned_controls, status, attempt,
      counts, last_sequence, created_at, created_by, started_at, completed_at)
    select ($1::text::jsonb)->>(n % ${tenants.length}), gen_random_uuid(), (($2::text::jsonb)->>(n % ${tenants.length}))::uuid, 'cis-m365', '5.0.0',
      '{"level":null,"profile":null,"controlIds":null,"outputFormat":null}', '["1.1.1","1.1.3"]', 'completed', 1,
      '{"pass":1,"fail":1,"manual":0,"not_applicable":0,"error":0,"not_run":0}', 5, now() - n * interval '1 second', 'ana',
      now() - n * interval '1 second', now() - n * interval '1 second'
    from generate_series(0, ${scans - 1}) n`,
    [JSON.stringify(platforms), JSON.stringify(ids)],
  )
  await owner`set session_replication_role = origin`
  await owner`vacuum analyze tenantscope.scans`
}
