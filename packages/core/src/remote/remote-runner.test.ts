import { readdirSync, readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { untilAborted } from '../../test/fixture.ts'
import { controls, post, remotely, wholeRun } from '../../test/remote-fixture.ts'
import { checked, done, scriptedRunner } from '../../test/scripted-runner.ts'
import type { RunnerEvent } from '../runner/runner.ts'
import { launchDocumentSchema } from './protocol.ts'
import { remoteRunner } from './remote-runner.ts'
import { allowedScope } from './tokens.ts'

const local = scriptedRunner(async function* () {
  yield done()
})
const dispatch = async () => undefined

describe('a launch', () => {
  it('carries the job, the configured address and a key of its own; only the document shows the key', async () => {
    const { tenantscope, begin, scope } = await remotely({ receiverUrl: 'https://msp.example/api/' })
    const { scan, launch, document } = await begin()
    expect(document).toMatchObject({
      receiverUrl: 'https://msp.example/api',
      job: { scanId: scan.id, attempt: 1, controlIds: controls, credentialKind: 'client_secret' },
    })
    expect(document.job.scanStartedAt).toBeInstanceOf(Date)
    expect(launch).toMatchObject({ scanId: scan.id, attempt: 1, m365TenantId: document.job.m365Tenant.id })
    expect(`${inspect(launch, { depth: 9, showHidden: true })}${JSON.stringify(launch)}`).not.toContain(document.key)
    expect(launch.document()).not.toContain('a-secret-value')
    expect(launch.document().split('\n')).toEqual([expect.any(String), ''])
    await scope.scans.cancel(scan.id)
    await tenantscope.close()
  })

  it('S-37: goes to https, or to this very machine', () => {
    const made = (receiverUrl: string, allowHttp = false) => remoteRunner({ dispatch, local, receiverUrl, allowHttp })
    for (const url of ['http://msp.example', 'ftp://x', 'x', 'https://u:p@h/', 'https://h/?a', 'https://h/#a', ''])
      expect(() => made(url), url).toThrow('/receiverUrl')
    for (const url of ['http://127.evil.example', 'http://127.0.0.1.evil.example', 'http://localhost.evil.example'])
      expect(() => made(url), url).toThrow('/receiverUrl')
    for (const url of ['https://msp.example/api', 'http://127.0.0.1:3000/x', 'http://[::1]:3000', 'http://localhost'])
      expect(made(url).name).toBe('remote')
    expect(made('http://intern.example', true).name).toBe('remote')
  })

  it('knows the scope of every service that the engine reads, in every cloud', () => {
    const sources = new URL('../../../../powershell/sources/', import.meta.url)
    let seen = 0
    for (const service of readdirSync(sources)) {
      const text = readSafely(new URL(`${service}/service.json`, sources))
      for (const [, scope = ''] of text.matchAll(/"scope": "([^"]+)"/g)) {
        seen += 1
        expect(allowedScope(service as 'graph', scope.replace('{prefix}', 'contoso')), `${service} ${scope}`).toBe(true)
      }
    }
    expect(seen).toBe(30)
  })
})

describe('the end of a remote run', () => {
  it('R-60: a cancel tells the launcher and the remote process', async () => {
    const { tenantscope, scope, begin } = await remotely()
    const { scan, document, signal } = await begin()
    expect((await post(tenantscope, document, 0, [checked('1.1.1')])).kind).toBe('stored')
    while ((await scope.scans.get(scan.id)).counts.pass === 0) await new Promise((r) => setTimeout(r, 5))
    await scope.scans.cancel(scan.id)
    await untilAborted(signal)
    const ended = await scope.scans.finished(scan.id)
    expect([ended.status, ended.counts.pass, ended.counts.not_run]).toEqual(['cancelled', 1, 3])
    expect((await post(tenantscope, document, 1, [checked('1.2.1')])).kind).toBe('ended')
    expect((await scope.scans.get(scan.id)).counts.pass).toBe(1)
    await tenantscope.close()
  })

  it.each([
    ['R-52: silence', { inactivityMs: 60 }, 'Nothing was heard'],
    [
      'a process that is gone without its last word',
      { drainMs: 50, dispatch: async () => ({ ended: Promise.resolve('exit code 9') }) },
      'exit code 9',
    ],
    ['a launcher that fails', { dispatch: () => Promise.reject(new Error('no secret words')) }, 'could not start'],
  ])('%s fails the scan', async (_, options, words) => {
    const { tenantscope, scope, tenant } = await remotely(options)
    const scan = await scope.scans.start({ m365TenantId: tenant.id })
    const ended = await scope.scans.finished(scan.id)
    expect([ended.status, ended.failureReason, ended.counts.not_run]).toEqual(['failed', 'runner_error', 4])
    expect(ended.errorMessage).toContain(words)
    expect(ended.errorMessage).not.toContain('no secret words')
    expect(
      (await tenantscope.remoteRuns.status({ platformTenantId: 'msp-1', scanId: scan.id }))?.closedAt,
    ).not.toBeNull()
    await tenantscope.close()
  })

  it('a process that ended has its last messages taken in first', async () => {
    const ended = Promise.withResolvers<string>()
    const launches: string[] = []
    const { tenantscope, scope, tenant } = await remotely({
      drainMs: 1_000,
      dispatch: async ({ launch }) => {
        launches.push(launch.document())
        return { ended: ended.promise }
      },
    })
    const scan = await scope.scans.start({ m365TenantId: tenant.id })
    while (launches.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const document = launchDocumentSchema.parse(JSON.parse(launches[0] ?? ''))
    ended.resolve('exit code 0')
    await post(tenantscope, document, 0, wholeRun.slice(0, 2))
    await new Promise((resolve) => setTimeout(resolve, 100))
    await post(tenantscope, document, 2, wholeRun.slice(2), { total: wholeRun.length })
    expect((await scope.scans.finished(scan.id)).status).toBe('completed')
    await tenantscope.close()
  })

  it.each([
    ['more events were sent than came', [...wholeRun], { total: 6 }],
    ['the engine gave up', [done('failed')], {}],
  ])('fails the scan when %s', async (_, events: RunnerEvent[], more) => {
    const { tenantscope, scope, begin } = await remotely()
    const { scan, document } = await begin()
    expect((await post(tenantscope, document, 0, events, more)).kind).toBe('stored')
    expect(await scope.scans.finished(scan.id)).toMatchObject({ status: 'failed', failureReason: 'runner_error' })
    await tenantscope.close()
  })

  it('runs what is no scan here, and refuses everything once it is closed', async () => {
    let runs = 0
    const here = scriptedRunner(async function* ({ job }) {
      runs += 1
      for (const sourceId of job.sources ?? [])
        yield { type: 'source.read', sourceId, state: 'read', durationMs: 1, requests: 1, items: 1, error: null }
      yield done()
    })
    const { tenantscope, scope, tenant } = await remotely({ local: here })
    expect((await scope.m365Tenants.testConnection(tenant.id)).status).toBe('ok')
    expect(runs).toBe(1)
    await tenantscope.close()
    const runner = remoteRunner({ dispatch, local, receiverUrl: 'https://h' })
    await runner.close()
    expect(() =>
      runner.run({ job: here.jobs[0] as never, host: {} as never, signal: new AbortController().signal }),
    ).toThrow('closed')
  })
})

function readSafely(url: URL): string {
  try {
    return readFileSync(url, 'utf8')
  } catch {
    return ''
  }
}
