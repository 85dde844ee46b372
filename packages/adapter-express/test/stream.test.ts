import { connect } from 'node:net'
import { type ScanEvent, TenantscopeError } from '@tenantscope/core'
import { describe, expect, it } from 'vitest'
import { openStream, type ReceivedEvent } from './event-client.ts'
import { type Host, type HostOptions, newTenantBody, onCleanup, startHost, withScan } from './host.ts'
import { checked, done, latch, type Script } from './scripted-runner.ts'

const idsOf = (events: ReceivedEvent[]) => events.flatMap(({ id }) => (id === null ? [] : [Number(id)]))

async function startScan(host: Host): Promise<string> {
  const tenant = await host.call('POST', '/m365-tenants', { json: newTenantBody() })
  const scan = await host.call('POST', '/scans/start', { json: { m365_tenant_id: tenant.json.id } })
  return scan.json.scan_id
}

/** A host whose scan events come from `events` instead of a scan; the scan itself has ended before. */
async function withEvents(
  events: (after: number, signal: AbortSignal | undefined) => AsyncIterable<ScanEvent>,
  options: HostOptions = {},
): Promise<{ host: Host; scanId: string }> {
  const inner = await startHost()
  const { scan } = await withScan(inner)
  const { tenantscope } = inner
  const host = await startHost({
    ...options,
    router: {
      ...options.router,
      tenantscope: {
        benchmarks: tenantscope.benchmarks,
        health: tenantscope.health,
        forPlatformTenant: (id, context) => {
          const scope = tenantscope.forPlatformTenant(id, context)
          const running = async (scanId: string) => ({ ...(await scope.scans.get(scanId)), status: 'running' as const })
          const scans = {
            ...scope.scans,
            get: running,
            events: (_: string, { after = 0, signal }: { after?: number; signal?: AbortSignal } = {}) =>
              events(after, signal),
          }
          return { ...scope, scans }
        },
      },
    },
  })
  return { host, scanId: scan.id }
}

const check = (sequence: number, message = 'fine'): ScanEvent => ({
  scanId: 's',
  sequence,
  type: 'check.finished',
  attempt: 1,
  at: new Date(),
  data: { controlId: '1.1.1', status: 'pass', reasonCode: null, message, findingsTotal: 0, durationMs: 1 },
})

const untilAborted = (signal: AbortSignal | undefined) =>
  new Promise<void>((resolve) => (signal?.aborted ? resolve() : signal?.addEventListener('abort', () => resolve())))

describe('a scan followed from its start', () => {
  it('sends progress, each check, complete, and ends', async () => {
    const [first, rest] = [latch(), latch()]
    const script: Script = async function* ({ job }) {
      await first.promise
      for (const id of job.controlIds) {
        yield checked(id, id === '1.2.1' ? 'fail' : 'pass')
        if (id === '1.1.1') await rest.promise
      }
      yield done()
    }
    const host = await startHost({ script })
    const client = await openStream(host, await startScan(host))
    expect(client.status).toBe(200)
    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    })
    await client.until(() => client.events.some(({ data }) => data.status === 'running'))
    expect(client.events[0]).toMatchObject({
      id: '1',
      event: 'progress',
      data: { status: 'pending', total_checks: 4, progress_percentage: 0 },
    })
    first.open()
    await client.until(() => client.events.some(({ event, data }) => event === 'progress' && data.passed === 1))
    expect(client.events.at(-1)?.data).toMatchObject({
      progress_percentage: 25,
      current_check: '1.1.1',
      score: { value: 1, passed: 1, of: 1 },
    })
    rest.open()
    expect(await client.ended).toBe(true)
    expect(client.retry).toBe('3000')

    const { events } = client
    const checks = events.filter(({ event }) => event === 'check')
    expect(checks.map(({ data }) => [data.check_id, data.status, data.category])).toEqual([
      ['1.1.1', 'Pass', 'L1'],
      ['1.1.2', 'Pass', 'L1'],
      ['1.2.1', 'Fail', 'L2'],
      ['5.1.2.2', 'Pass', 'L1'],
    ])
    expect(events.at(-1)).toMatchObject({
      event: 'complete',
      data: { status: 'completed', progress_percentage: 100, passed: 3, failed: 1 },
    })
    expect(events.filter(({ event }) => event === 'complete').length).toBe(1)
    const ids = idsOf(events)
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
    expect(new Set(ids).size).toBe(events.length)
  })

  it('tells a failed scan by error and complete, a cancelled one by complete', async () => {
    const failing = await startHost({
      script: async function* () {
        yield checked('1.1.1')
        yield done('failed')
      },
    })
    const client = await openStream(failing, await startScan(failing))
    await client.ended
    const [error, complete] = client.events.slice(-2)
    expect(error).toMatchObject({
      id: null,
      event: 'error',
      data: { status: 'failed', code: 'runner_error', retryable: false },
    })
    expect(error?.data.error_message).toBeTruthy()
    expect(complete).toMatchObject({
      event: 'complete',
      data: { status: 'failed', error_message: error?.data.error_message, not_run: 3 },
    })

    const waiting = await startHost({ core: { worker: false } })
    const scanId = await startScan(waiting)
    const follower = await openStream(waiting, scanId)
    await waiting.call('DELETE', `/scans/${scanId}/cancel`)
    expect(await follower.ended).toBe(true)
    expect(follower.events.at(-1)).toMatchObject({ event: 'complete', data: { status: 'cancelled', not_run: 4 } })
  })
})

describe('coming back', () => {
  it('gives the rest after any cut: no gap, nothing twice', async () => {
    const host = await startHost()
    const { scan } = await withScan(host)
    const whole = await openStream(host, scan.id)
    expect(await whole.ended).toBe(true)
    for (let cut = 1; cut < whole.events.length; cut++) {
      const before = await openStream(host, scan.id, { cutAfter: cut })
      await before.ended
      const last = before.events.at(-1)?.id ?? ''
      const options = cut % 2 === 0 ? { lastEventId: last } : { query: `?last_event_id=${last}` }
      const after = await openStream(host, scan.id, options)
      await after.ended
      expect([...before.events, ...after.events]).toEqual(whole.events)
    }
  })

  it('says 204 when the client has it all, so that it stays away', async () => {
    const host = await startHost()
    const { scan } = await withScan(host)
    const answer = await host.call('GET', `/stream/${scan.id}`, {
      headers: { 'last-event-id': String(scan.lastSequence) },
    })
    expect([answer.status, answer.text]).toEqual([204, ''])
  })

  it.each(['999999', '-1', 'abc', '1e3', '9'.repeat(30)])(
    'gives the whole state for an id it never sent (%s)',
    async (lastEventId) => {
      const host = await startHost()
      const { scan } = await withScan(host)
      const client = await openStream(host, scan.id, { lastEventId })
      expect(await client.ended).toBe(true)
      expect(client.events.map(({ event }) => event)).toEqual(['progress', 'complete'])
      expect(client.events[0]?.data).toMatchObject({ snapshot: true, status: 'completed', passed: 3, failed: 1 })
      const again = await openStream(host, scan.id, { lastEventId: client.events[1]?.id ?? '' })
      expect(again.status).toBe(204)
    },
  )

  it('keeps text that looks like a frame inside one event', async () => {
    const message = 'a\r\n\nevent: admin\ndata: {}\n\nid: 9\r\rb\u2028c'
    const { host, scanId } = await withEvents(async function* () {
      yield check(1, message)
    })
    const client = await openStream(host, scanId)
    await client.ended
    expect(client.events.length).toBe(1)
    expect(client.events[0]).toMatchObject({ id: '1', event: 'check', data: { message } })
  })
})

describe('connections', () => {
  it('sends comments while nothing happens', async () => {
    const { host, scanId } = await withEvents(
      // biome-ignore lint/correctness/useYield: a quiet scan
      async function* (_, signal) {
        await untilAborted(signal)
      },
      { router: { limits: { streamKeepAliveMs: 10 } } },
    )
    const client = await openStream(host, scanId)
    const pinged = () => client.comments.length >= 3
    const ticking = setInterval(() => {}, 5)
    onCleanup(async () => clearInterval(ticking))
    while (!pinged()) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(client.comments[0]).toBe('keep-alive')
    expect(client.events).toEqual([])
    client.cut()
  })

  it('bounds the streams of a platform tenant, and frees what a leaving client held', async () => {
    let following = 0
    const { host, scanId } = await withEvents(
      async function* (_, signal) {
        following += 1
        try {
          yield check(1)
          await untilAborted(signal)
        } finally {
          following -= 1
        }
      },
      { router: { limits: { streamsPerPlatformTenant: 2 } } },
    )
    const clients = [await openStream(host, scanId), await openStream(host, scanId)]
    for (const client of clients) await client.until(() => client.events.length === 1)
    const third = await host.call('GET', `/stream/${scanId}`)
    expect([third.status, third.json.code, third.headers.get('retry-after')]).toEqual([429, 'too_many_streams', '30'])
    for (const client of clients) client.cut()
    while (following > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const fourth = await openStream(host, scanId)
    expect(fourth.status).toBe(200)
    fourth.cut()
  })

  it('drops a client that never reads, with bounded memory, and serves the others', async () => {
    const total = 400
    const text = 'x'.repeat(64 * 1024)
    let furthest = 0
    const { host, scanId } = await withEvents(
      async function* () {
        for (let i = 1; i <= total; i++) {
          furthest = Math.max(furthest, i)
          yield check(i, text)
        }
      },
      { router: { limits: { streamStallMs: 300 } } },
    )
    const { port, hostname } = new URL(host.url)
    const lazy = connect(Number(port), hostname)
    onCleanup(async () => void lazy.destroy())
    lazy.pause()
    lazy.write(`GET /msp/cspm/stream/${scanId} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer msp-a\r\n\r\n`)
    const dropped = () => host.log.find(({ message }) => message.includes('does not read'))
    while (!dropped()) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(furthest).toBeLessThan(total)
    // At most the limit and the event that went over it.
    expect(dropped()?.fields?.bufferedBytes).toBeLessThan(256 * 1024 + 66 * 1024)

    const healthy = await openStream(host, scanId)
    expect(await healthy.ended).toBe(true)
    expect(idsOf(healthy.events)).toEqual(Array.from({ length: total }, (_, i) => i + 1))
  })

  it('tells trouble by an error event without inner words, and lets the client come back', async () => {
    const words = 'connection to /var/run/postgres lost'
    let broken = true
    const { host, scanId } = await withEvents(async function* (after) {
      if (after === 0) yield check(1)
      if (broken) throw new TenantscopeError('storage_failed', words, { retryable: true })
      yield check(2)
    })
    const client = await openStream(host, scanId)
    expect(await client.ended).toBe(true)
    expect(client.events).toMatchObject([
      { id: '1' },
      { id: null, event: 'error', data: { code: 'unavailable', retryable: true } },
    ])
    expect(JSON.stringify(client.events)).not.toContain('postgres')
    broken = false
    const again = await openStream(host, scanId, { lastEventId: '1' })
    await again.ended
    expect(idsOf(again.events)).toEqual([2])
  })

  it('ends a stream that has lived its time, and when the library closes', async () => {
    const quiet = async function* (_: number, signal: AbortSignal | undefined) {
      yield check(1)
      await untilAborted(signal)
    }
    const { host, scanId } = await withEvents(quiet, { router: { limits: { streamMaxMs: 20 } } })
    const client = await openStream(host, scanId)
    expect(await client.ended).toBe(true)
    expect(idsOf(client.events)).toEqual([1])

    const waiting = await startHost({ core: { worker: false } })
    const follower = await openStream(waiting, await startScan(waiting))
    await follower.until(() => follower.events.length === 1)
    await waiting.tenantscope.close()
    expect(await follower.ended).toBe(true)
    expect(follower.events.map(({ event }) => event)).toEqual(['progress'])
  })
})
