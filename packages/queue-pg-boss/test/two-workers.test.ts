import { once } from 'node:events'
import type { PlatformTenantScope, Scan, Tenantscope } from '@tenantscope/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { missingPostgres, newDatabase, type TestDatabase } from '../../adapter-postgres/test/databases.ts'
import { lethalDomain, type RunNote } from './paced-runner.ts'
import { openTenantscope } from './scan-host.ts'
import { type ScriptProcess, startScript } from './worker-process.ts'

const missing = missingPostgres()

describe.skipIf(missing)(`two worker processes on one PostgreSQL${missing ? ` (${missing})` : ''}`, () => {
  let database: TestDatabase
  /** This process is the API: it takes no scans. */
  let api: Tenantscope
  let scope: PlatformTenantScope
  let workers: ScriptProcess[]

  beforeEach(async () => {
    workers = []
    database = await newDatabase()
    api = openTenantscope({
      connectionString: database.url,
      worker: false,
      runner: { pauseMs: 0, note: () => {}, take: async () => null },
    })
    await api.start()
    scope = api.forPlatformTenant('msp', { actor: 'ann' })
  })
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.kill()))
    await api?.close()
    await database?.drop()
  })

  const startWorker = async (options: { concurrency?: number; maxAttempts?: number; pauseMs?: number } = {}) => {
    const { concurrency = 2, maxAttempts = 3, pauseMs = 300 } = options
    const worker = startScript('scan-worker.ts', {
      connectionString: database.url,
      pauseMs,
      worker: { concurrency, maxAttempts, leaseMs: 3_000, heartbeatMs: 500, sweepMs: 500 },
    })
    workers.push(worker)
    await worker.line((line) => line.includes('"ready"'))
    return worker
  }
  let tenants = 0
  const addTenant = (defaultDomain = 'contoso.onmicrosoft.com') => {
    tenants += 1
    return scope.m365Tenants.register({
      m365TenantId: `00000000-0000-4000-8000-${String(tenants).padStart(12, '0')}`,
      name: 'Contoso',
      defaultDomain,
      credential: { kind: 'client_secret', clientId: 'app', clientSecret: 'a-secret-of-a-test' },
    })
  }
  const startScan = (m365TenantId: string) => scope.scans.start({ m365TenantId })
  const notes = (worker: ScriptProcess) => worker.lines.map((line) => JSON.parse(line) as RunNote)
  const allNotes = () => workers.flatMap(notes)
  const untilNote = (worker: ScriptProcess, fits: (note: RunNote) => boolean) =>
    worker.line((line) => fits(JSON.parse(line) as RunNote))
  /** The first worker that tells of a check of this scan, once it has told of `count`. */
  const owner = async (scan: Scan, count = 1) => {
    const isCheck = (note: RunNote) => note.event === 'check' && note.scanId === scan.id
    return Promise.any(
      workers.map(async (worker) => {
        await untilNote(worker, (note) => isCheck(note) && notes(worker).filter(isCheck).length >= count)
        return worker
      }),
    )
  }
  const results = async (scan: Scan) => (await scope.results.list(scan.id, { limit: 100 })).data

  it('R-62: never two scans of one M365 tenant at once, and all come through', async () => {
    await Promise.all([startWorker({ pauseMs: 20 }), startWorker({ pauseMs: 20 })])
    const [crowded, quiet] = await Promise.all([addTenant(), addTenant()])
    const scans: Scan[] = []
    for (let i = 0; i < 10; i += 1) scans.push(await startScan(crowded.id))
    for (let i = 0; i < 2; i += 1) scans.push(await startScan(quiet.id))
    const ended = await Promise.all(scans.map((scan) => scope.scans.finished(scan.id)))
    expect(ended.map(({ status, attempt }) => [status, attempt])).toEqual(scans.map(() => ['completed', 1]))
    const told = allNotes()
    expect(told.filter((note) => note.event === 'overlap')).toEqual([])
    expect(told.filter((note) => note.event === 'start').length).toBe(scans.length)
    // Both had their part: two tenants, two scans at a time in each worker.
    expect(told.filter((note) => note.event === 'end' && note.aborted)).toEqual([])
  })

  it('R-60: a cancel from another process reaches the owner, and what was found stays', async () => {
    await Promise.all([startWorker(), startWorker()])
    const scan = await startScan((await addTenant()).id)
    const worker = await owner(scan)
    await scope.scans.cancel(scan.id)
    expect(await scope.scans.finished(scan.id)).toMatchObject({ status: 'cancelled', attempt: 1 })
    await untilNote(worker, (note) => note.event === 'end' && note.scanId === scan.id && note.aborted)
    const stored = await results(scan)
    expect(stored.some(({ status }) => status === 'pass')).toBe(true)
    expect(stored.filter(({ status }) => status === 'not_run').every((r) => r.reasonCode === 'cancelled')).toBe(true)
    expect(stored.length).toBe(6)
  })

  it('R-60: a scan that is cancelled while it waits never starts', async () => {
    await startWorker()
    const tenant = await addTenant()
    const [first, waiting, last] = [await startScan(tenant.id), await startScan(tenant.id), await startScan(tenant.id)]
    await owner(first)
    expect(await scope.scans.cancel(waiting.id)).toMatchObject({ status: 'cancelled' })
    await scope.scans.finished(last.id)
    expect(allNotes().filter((note) => note.event === 'start' && note.scanId === waiting.id)).toEqual([])
  })

  it('R-61: a worker that is asked to end gives its scan back, and ends', async () => {
    await Promise.all([startWorker(), startWorker()])
    const scan = await startScan((await addTenant()).id)
    const leaving = await owner(scan)
    const exited = once(leaving.child, 'exit')
    leaving.child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    expect(await scope.scans.finished(scan.id)).toMatchObject({ status: 'completed', attempt: 2, counts: { pass: 6 } })
    expect(allNotes().filter((note) => note.event === 'overlap')).toEqual([])
  })

  it('R-15: a scan that kills its workers is given up, others are not', async () => {
    const doomed = [await startWorker({ maxAttempts: 2 }), await startWorker({ maxAttempts: 2 })]
    const lethal = await startScan((await addTenant(lethalDomain)).id)
    await Promise.all(doomed.map((worker) => worker.ended))
    await startWorker({ maxAttempts: 2 })
    const harmless = await startScan((await addTenant()).id)
    expect(await scope.scans.finished(harmless.id)).toMatchObject({ status: 'completed' })
    expect(await scope.scans.finished(lethal.id)).toMatchObject({ status: 'failed', failureReason: 'poison' })
  })
})
