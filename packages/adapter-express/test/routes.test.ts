import { describe, expect, it } from 'vitest'
import { routes } from '../src/index.ts'
import { clientId, guid, newTenantBody, secret, startHost, withScan } from './host.ts'
import { checked, done, finding, goodScan, latch, type Script } from './scripted-runner.ts'

/** Every answer must be what the route table says. */
function expectSpecified(method: string, path: string, answer: { status: number; json: unknown }) {
  const route = routes.find((each) => each.method === method && each.path === path)
  const spec = route?.responses[answer.status]
  expect(spec, `${method} ${path} does not declare ${answer.status}`).toBeDefined()
  if (spec?.schema) expect(spec.schema.safeParse(answer.json).error?.issues ?? []).toEqual([])
}

describe('M365 tenants', () => {
  it('registers, reads, changes and removes one, and never shows a secret', async () => {
    const host = await startHost()
    const created = await host.call('POST', '/m365-tenants', { json: newTenantBody({ m365_tenant_id: guid }) })
    expect(created.status).toBe(201)
    expectSpecified('POST', '/m365-tenants', created)
    expect(created.json).toMatchObject({
      m365_tenant_id: guid,
      m365_tenant_name: 'Contoso Corporation',
      m365_domain: 'contoso.onmicrosoft.com',
      status: 'active',
      last_test_at: null,
      created_by: 'ann',
    })
    const { id } = created.json
    expect(created.headers.get('location')).toBe(`/msp/cspm/m365-tenants/${id}`)

    const read = await host.call('GET', `/m365-tenants/${guid.toUpperCase()}`)
    expect(read.json).toEqual(created.json)
    expectSpecified('GET', '/m365-tenants/{id}', read)

    const changed = await host.call('PUT', `/m365-tenants/${id}`, {
      json: { m365_tenant_id: guid, m365_tenant_name: 'Fabrikam', description: null },
    })
    expectSpecified('PUT', '/m365-tenants/{id}', changed)
    expect(changed.json).toMatchObject({
      m365_tenant_name: 'Fabrikam',
      description: null,
      m365_domain: 'contoso.onmicrosoft.com',
    })
    const patched = await host.call('PATCH', `/m365-tenants/${id}`, { json: { m365_domain: 'fabrikam.com' } })
    expectSpecified('PATCH', '/m365-tenants/{id}', patched)
    expect(patched.json).toMatchObject({ m365_tenant_name: 'Fabrikam', m365_domain: 'fabrikam.com' })

    const listed = await host.call('GET', '/m365-tenants?status=active&q=fabrikam')
    expectSpecified('GET', '/m365-tenants', listed)
    expect(listed.json).toEqual({ data: [patched.json], next: null, prev: null })

    const credential = await host.call('GET', `/m365-tenants/${id}/credentials`)
    expectSpecified('GET', '/m365-tenants/{id}/credentials', credential)
    expect(credential.json).toMatchObject({ configured: true, auth_method: 'client_secret', client_id: clientId })
    for (const answer of [created, read, changed, listed, credential]) expect(answer.text).not.toContain(secret)

    const gone = await host.call('DELETE', `/m365-tenants/${id}`)
    expect([gone.status, gone.text]).toEqual([204, ''])
    expect((await host.call('GET', `/m365-tenants/${id}`)).status).toBe(404)
  })

  it('pages with cursors', async () => {
    const host = await startHost()
    for (const name of ['one', 'two', 'three']) {
      await host.call('POST', '/m365-tenants', { json: newTenantBody({ m365_tenant_name: name }) })
    }
    const names: string[] = []
    let next: string | null = null
    do {
      const page = await host.call('GET', `/m365-tenants?limit=2${next === null ? '' : `&cursor=${next}`}`)
      names.push(...page.json.data.map((tenant: { m365_tenant_name: string }) => tenant.m365_tenant_name))
      next = page.json.next
    } while (next !== null)
    expect(names.sort()).toEqual(['one', 'three', 'two'])
  })

  it('S-11 refuses user name and password where they are off, without saying them', async () => {
    const host = await startHost()
    const json = newTenantBody({ client_secret: undefined, username: 'u@contoso.com', password: secret })
    const refused = await host.call('POST', '/m365-tenants', { json })
    expect(refused.status).toBe(400)
    expect(refused.text).toContain('cannot pass MFA')
    expect(refused.json.errors).toMatchObject([{ pointer: '/auth_method' }])
    expect(refused.text).not.toContain(secret)
    expect((await host.call('GET', '/m365-tenants')).json.data).toEqual([])
  })

  it('S-11 takes each way to sign in, replaces it, and shows no secret', async () => {
    const host = await startHost({ core: { allowUsernamePassword: true } })
    const ways: [Record<string, unknown>, string][] = [
      [{ client_id: clientId, username: 'u@contoso.com', password: secret }, 'username_password'],
      [{ client_id: clientId, auth_method: 'federated' }, 'federated'],
      [{ auth_method: 'shared_app' }, 'shared_app'],
      [{ client_id: clientId, client_secret: secret, auth_method: 'client_secret' }, 'client_secret'],
    ]
    const blank = { client_id: undefined, client_secret: undefined }
    for (const [fields, method] of ways) {
      const created = await host.call('POST', '/m365-tenants', { json: newTenantBody({ ...blank, ...fields }) })
      expect(created.status).toBe(201)
      const shown = await host.call('GET', `/m365-tenants/${created.json.id}/credentials`)
      expect(shown.json.auth_method).toBe(method)
      const at = `/m365-tenants/${created.json.id}`
      const updated = await host.call('PUT', `${at}/credentials`, { json: { ...blank, ...fields } })
      expect(updated.status).toBe(200)
      const failed = await host.call('PUT', `${at}/credentials`, { json: { ...blank, ...fields, magic: secret } })
      expect(failed.status).toBe(400)
      const answers = [
        created,
        shown,
        updated,
        failed,
        await host.call('GET', at),
        await host.call('GET', '/m365-tenants'),
      ]
      for (const { text } of answers) expect(text).not.toContain(secret)
      const replaced = await host.call('PUT', `/m365-tenants/${created.json.id}/credentials`, {
        json: { auth_method: 'shared_app' },
      })
      expectSpecified('PUT', '/m365-tenants/{id}/credentials', replaced)
      expect(replaced.json).toMatchObject({ auth_method: 'shared_app', client_id: null })
    }
  })

  it('tests the connection without a body and keeps the answer', async () => {
    const host = await startHost()
    const { tenantId } = await withScan(host)
    const test = await host.call('POST', `/m365-tenants/${tenantId}/test-connection`)
    expect(test.status).toBe(200)
    expectSpecified('POST', '/m365-tenants/{id}/test-connection', test)
    expect(test.json).toMatchObject({ success: true, status: 'ok' })
    expect(test.json.services.map((one: { service: string }) => one.service)).toContain('graph')
    const after = await host.call('GET', `/m365-tenants/${tenantId}`)
    expect(after.json).toMatchObject({ last_test_status: 'ok', last_test_error: null, last_test: test.json })
  })

  it('ends a connection test that nobody waits for any more', async () => {
    const [begun, ended] = [latch(), latch()]
    const host = await startHost({
      script: async function* ({ job, host, signal }) {
        if (!job.sources) return yield* goodScan({ job, host, signal })
        begun.open()
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        ended.open()
        yield done()
      },
    })
    const { tenantId } = await withScan(host)
    const leaving = new AbortController()
    const call = fetch(`${host.url}/m365-tenants/${tenantId}/test-connection`, {
      method: 'POST',
      headers: { authorization: 'Bearer msp-a' },
      signal: leaving.signal,
    })
    await begun.promise
    leaving.abort()
    await expect(call).rejects.toThrow()
    await ended.promise
    expect(host.log.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('replaces the operator inputs', async () => {
    const host = await startHost()
    const { tenantId } = await withScan(host)
    const inputs = { approvedPublicGroups: ['g1'] }
    const put = await host.call('PUT', `/m365-tenants/${tenantId}/inputs`, { json: { inputs } })
    expectSpecified('PUT', '/m365-tenants/{id}/inputs', put)
    const got = await host.call('GET', `/m365-tenants/${tenantId}/inputs`)
    expectSpecified('GET', '/m365-tenants/{id}/inputs', got)
    expect([put.json, got.json]).toEqual([{ inputs }, { inputs }])
  })
})

const everyStatus: Script = async function* ({ job }) {
  const statuses = ['pass', 'fail', 'error', 'manual'] as const
  for (const [i, id] of job.controlIds.entries()) {
    const status = statuses[i] ?? 'pass'
    yield checked(id, status, status === 'fail' ? { findings: [finding], findingsTotal: 1 } : {})
  }
  yield done()
}

describe('scans', () => {
  it('starts one as the documented request does, and tells status and results', async () => {
    const host = await startHost({ script: everyStatus })
    const { tenantId, guid: m365Guid } = await withScan(host)
    const started = await host.call('POST', '/scans/start', {
      json: { m365_tenant_id: m365Guid, l1_only: false, check_ids: null, output_format: 'json' },
    })
    expect(started.status).toBe(202)
    expectSpecified('POST', '/scans/start', started)
    expect(started.json).toMatchObject({ status: 'pending', m365_tenant_id: tenantId, total_checks: 4 })
    const { scan_id: scanId } = started.json
    expect(started.headers.get('location')).toBe(`/msp/cspm/scans/${scanId}/status`)
    await host.scope().scans.finished(scanId)

    const status = await host.call('GET', `/scans/${scanId}/status`)
    expectSpecified('GET', '/scans/{scan_id}/status', status)
    expect(status.json).toMatchObject({
      status: 'completed',
      progress_percentage: 100,
      total_checks: 4,
      passed: 1,
      failed: 1,
      errors: 1,
      manual: 1,
      not_applicable: 0,
      score: { value: 0.5, passed: 1, of: 2 },
      coverage: { value: 0.5, judged: 2, of: 4, not_judged: { manual: 1, not_applicable: 0, error: 1, not_run: 0 } },
    })

    const results = await host.call('GET', `/scans/${scanId}/results`)
    expectSpecified('GET', '/scans/{scan_id}/results', results)
    const rows = results.json.data
    expect(rows.map((row: Record<string, unknown>) => [row.check_id, row.category, row.status, row.status_id])).toEqual(
      [
        ['1.1.1', 'L1', 'Pass', 1],
        ['1.1.2', 'L1', 'Fail', 3],
        ['1.2.1', 'L2', 'Error', 3],
        ['5.1.2.2', 'L1', 'Manual', 2],
      ],
    )
    expect(rows[1]).toMatchObject({
      duration: 1.5,
      error: null,
      details: [
        {
          ResourceName: 'Ann',
          Property: 'isAdmin',
          IsCompliant: false,
          Expected: false,
          Actual: true,
          ResourceId: 'r1',
        },
      ],
    })
    expect(rows[2]).toMatchObject({ error: '1.2.1 is error.', reason_code: 'permission_missing' })

    const one = await host.call('GET', `/scans/${scanId}/results/1.1.2`)
    expectSpecified('GET', '/scans/{scan_id}/results/{check_id}', one)
    expect(one.json).toMatchObject({ ...rows[1], control: { control: '1.1.2', manual_steps: ['look'] } })
    const long = await host.call('GET', `/scans/${scanId}/results/1.1.2_ensure_two_emergency_access_accounts`)
    expect(long.json).toEqual(one.json)
    expect((await host.call('GET', `/scans/${scanId}/results/9.9.9`)).status).toBe(404)

    const listed = await host.call(
      'GET',
      `/scans?m365_tenant_id=${m365Guid}&status=completed&since=2020-01-01T00:00:00Z`,
    )
    expectSpecified('GET', '/scans', listed)
    expect(listed.json.data[0]).toEqual(status.json)
    const later = await host.call('GET', '/scans?since=2999-01-01T00:00:00Z')
    expect(later.json.data).toEqual([])
  })

  it.each([
    ['status=Fail', ['1.1.2']],
    ['status=fail', ['1.1.2']],
    ['category=L2', ['1.2.1']],
    ['check_id=1.1.2_ensure_two', ['1.1.2']],
    ['section=5.1.2', ['5.1.2.2']],
    ['q=error', ['1.2.1']],
    ['limit=1', ['1.1.1']],
  ])('filters results by %s', async (query, expected) => {
    const host = await startHost({ script: everyStatus })
    const { scan } = await withScan(host)
    const answer = await host.call('GET', `/scans/${scan.id}/results?${query}`)
    expect(answer.json.data.map((row: { check_id: string }) => row.check_id)).toEqual(expected)
  })

  it('plans level 1 only, or the checks asked for by either form of their id', async () => {
    const host = await startHost()
    const { tenantId } = await withScan(host)
    const l1 = await host.call('POST', '/scans/start', { json: { m365_tenant_id: tenantId, l1_only: true } })
    expect(l1.json).toMatchObject({ total_checks: 3, scan_options: { l1_only: true, level: 'L1' } })
    const two = await host.call('POST', '/scans/start', {
      json: { m365_tenant_id: tenantId, check_ids: ['1.1.1', '1.1.2_ensure_two_emergency_access_accounts'] },
    })
    expect(two.json).toMatchObject({ total_checks: 2, scan_options: { check_ids: ['1.1.1', '1.1.2'] } })
  })

  it('bounds the details of a list and shows all of one result', async () => {
    const findings = Array.from({ length: 5 }, (_, i) => ({ ...finding, resourceId: `r${i}` }))
    const host = await startHost({
      router: { limits: { detailsPerResult: 2 } },
      script: async function* ({ job }) {
        for (const id of job.controlIds) yield checked(id, 'fail', { findings, findingsTotal: 5 })
        yield done()
      },
    })
    const { scan } = await withScan(host)
    const list = await host.call('GET', `/scans/${scan.id}/results`)
    expect([list.json.data[0].details.length, list.json.data[0].details_total]).toEqual([2, 5])
    const one = await host.call('GET', `/scans/${scan.id}/results/1.1.1`)
    expect(one.json.details.length).toBe(5)
  })

  it.each(['DELETE', 'POST'])('cancels by %s, again without effect', async (method) => {
    const host = await startHost({
      core: { worker: false },
    })
    const scope = host.scope()
    const tenant = await host.call('POST', '/m365-tenants', { json: newTenantBody() })
    const scan = await scope.scans.start({ m365TenantId: tenant.json.id })
    for (let i = 0; i < 2; i++) {
      const answer = await host.call(method, `/scans/${scan.id}/cancel`)
      expectSpecified(method, '/scans/{scan_id}/cancel', answer)
      expect([answer.status, answer.json.status, answer.json.not_run]).toEqual([200, 'cancelled', 4])
    }
  })
})

describe('benchmarks and health', () => {
  it('shows the catalogue', async () => {
    const host = await startHost()
    const list = await host.call('GET', '/benchmarks')
    expectSpecified('GET', '/benchmarks', list)
    expect(list.json.data).toMatchObject([{ id: 'cis-m365', version: '5.0.0', total_controls: 4 }])
    const controls = await host.call('GET', '/benchmarks/cis-m365/5.0.0/controls')
    expectSpecified('GET', '/benchmarks/{id}/{version}/controls', controls)
    expect(controls.json.data.map((one: { control: string }) => one.control)).toEqual([
      '1.1.1',
      '1.1.2',
      '1.2.1',
      '5.1.2.2',
    ])
    const one = await host.call('GET', '/benchmarks/cis-m365/5.0.0/controls/1.1.2')
    expectSpecified('GET', '/benchmarks/{id}/{version}/controls/{control}', one)
    expect(one.json).toEqual(controls.json.data[1])
    for (const path of ['/benchmarks/cis-m365/9/controls', '/benchmarks/cis-m365/5.0.0/controls/9.9']) {
      expect((await host.call('GET', path)).status).toBe(404)
    }
  })

  it('is healthy, or says which part is not and keeps its words for the log', async () => {
    const host = await startHost()
    const well = await host.call('GET', '/health')
    expectSpecified('GET', '/health', well)
    expect(well.json).toMatchObject({ ok: true, runner: { ok: true, detail: 'scripted' } })
    const words = 'connect ECONNREFUSED /var/run/postgres'
    const { tenantscope } = host
    const broken = {
      forPlatformTenant: tenantscope.forPlatformTenant,
      benchmarks: tenantscope.benchmarks,
      health: async () => ({ ...(await tenantscope.health()), ok: false, storage: { ok: false, detail: words } }),
    }
    const ill = await startHost({ router: { tenantscope: broken } })
    const answer = await ill.call('GET', '/health')
    expectSpecified('GET', '/health', answer)
    expect([answer.status, answer.json.storage]).toEqual([503, { ok: false, detail: null }])
    expect(answer.text).not.toContain('ECONNREFUSED')
    expect(JSON.stringify(ill.log)).toContain(words)
  })
})

describe('Idempotency-Key', () => {
  it('makes one scan of the same request sent twice', async () => {
    const host = await startHost()
    const { tenantId } = await withScan(host)
    const send = (key: string, json: unknown) =>
      host.call('POST', '/scans/start', { json, headers: { 'idempotency-key': key } })
    const first = await send('k1', { m365_tenant_id: tenantId })
    const second = await send('k1', { m365_tenant_id: tenantId })
    expect(second.json).toEqual(first.json)
    expect([first.headers.get('idempotency-replayed'), second.headers.get('idempotency-replayed')]).toEqual([
      null,
      'true',
    ])
    expect((await send('k1', { m365_tenant_id: tenantId, l1_only: true })).status).toBe(422)
    const third = await send('k2', { m365_tenant_id: tenantId })
    expect(third.json.scan_id).not.toBe(first.json.scan_id)
    expect((await send('a b', { m365_tenant_id: tenantId })).json.errors).toEqual([
      { in: 'header', pointer: '/Idempotency-Key', detail: 'must be 1 to 255 printable characters without spaces.' },
    ])
    expect((await host.scope().scans.list()).data.length).toBe(3)
  })
})
