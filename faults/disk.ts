import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { underFault } from './database.ts'
import type { Installation } from './installation.ts'
import type { Report, Scenario } from './report.ts'
import { pause } from './stored.ts'

const quotaMb = 48

/**
 * the disk of the database is full for a while. The database lives in a tablespace on a memory file system of 48 MB, so that only its own files meet the
 * quota: what PostgreSQL does when its log has no room is to crash, and that is what `restart` shows. Mounting needs root on Linux.
 */
export const disk: Scenario = async (options) => {
  const missing = whyNoQuota()
  if (missing) return { runs: 0, failures: [], figures: { 'not run': missing } }
  const folder = mkdtempSync(join(tmpdir(), 'tenantscope-quota-'))
  const place = join(folder, 'disk')
  // The server runs as another user and must be able to reach it.
  chmodSync(folder, 0o755)
  mkdirSync(place)
  try {
    mount(place)
    try {
      return await onQuota(options, place)
    } finally {
      // The server keeps files of a dropped database open until its next checkpoint.
      spawnSync('umount', ['-l', place])
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function whyNoQuota(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'a small file system can only be mounted by root on Linux'
  return null
}

function mount(place: string): void {
  const made = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${quotaMb}m`, 'tenantscope-faults', place], {
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(`the quota could not be mounted: ${made.stderr}`)
  // The server runs as nobody when it is root's.
  chownSync(place, 65_534, 65_534)
}

async function onQuota(options: Parameters<Scenario>[0], place: string): Promise<Report> {
  const { server } = options.ground
  const ordinary = await server.createDatabase()
  const name = `quota_${Date.now().toString(36)}`
  const sql = postgres(ordinary, { max: 1, onnotice: () => {} })
  const url = new URL(ordinary)
  url.pathname = `/${name}`
  let refused = 0
  try {
    await sql.unsafe(`create tablespace ${name} location '${place}'`)
    await sql.unsafe(`create database ${name} tablespace ${name}`)
    const report = await underFault(options, {
      installation: { databaseUrl: url.href },
      fault: async ({ on }) => {
        const before = refusals(on)
        await fill(on.admin)
        const end = performance.now() + (options.short ? 2_000 : 6_000)
        // Long enough, and until a worker has met it.
        while (performance.now() < end || (refusals(on) === before && performance.now() < end + 10_000)) await pause(50)
        await on.admin`drop table filler`
        refused += refusals(on) - before
        if (refusals(on) === before) throw new Error('no write of a worker met the full disk')
        return {}
      },
    })
    return { ...report, figures: { ...report.figures, 'writes refused for want of space': refused } }
  } finally {
    await sql.unsafe(`drop database if exists ${name} with (force)`)
    await sql.unsafe(`drop tablespace if exists ${name}`)
    await sql.end({ timeout: 5 })
  }
}

/** Calls of workers that failed with SQLSTATE 53100, so far. */
function refusals(on: Installation): number {
  const failed = on.workers.flatMap((worker) => worker.notes.filter((note) => note.event === 'failed'))
  return failed.filter(({ message }) => message.includes('53100')).length
}

/** Until not even a page can be had. */
async function fill(admin: postgres.Sql): Promise<void> {
  await admin`create table filler (x text)`
  for (const rows of [50_000, 5_000, 500, 100]) {
    for (;;) {
      try {
        await admin`insert into filler select md5(random()::text) from generate_series(1, ${rows})`
      } catch (error) {
        if ((error as { code?: string }).code === '53100') break
        throw error
      }
    }
  }
}
