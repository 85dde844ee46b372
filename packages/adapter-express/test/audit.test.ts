import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { newTenantBody, secret, startHost, withScan } from './host.ts'

describe('GET /audit', () => {
  it('tells each write with actor and request id, newest first, and no secret', async () => {
    const host = await startHost()
    const created = await host.call('POST', '/m365-tenants', { json: newTenantBody() })
    const id = created.json.id
    const renamed = await host.call('PATCH', `/m365-tenants/${id}`, { json: { m365_tenant_name: 'Renamed' } })
    const started = await host.call('POST', '/scans/start', { json: { m365_tenant_id: id } })
    await host.call('GET', `/m365-tenants/${id}`)
    const { json, text } = await host.call('GET', '/audit')
    expect(json.data[0]).toMatchObject({
      action: 'scan.started',
      actor: 'ann',
      request_id: started.headers.get('x-request-id'),
      resource: { type: 'scan', id: started.json.scan_id },
    })
    const ofTenant = await host.call('GET', `/audit?resource_type=m365_tenant&resource_id=${id}`)
    const requests = ofTenant.json.data.map((entry: { action: string; request_id: string }) => [
      entry.action,
      entry.request_id,
    ])
    expect(requests).toContainEqual(['m365_tenant.created', created.headers.get('x-request-id')])
    expect(requests).toContainEqual(['m365_tenant.updated', renamed.headers.get('x-request-id')])
    expect(text + ofTenant.text).not.toMatch(new RegExp(`${secret}|Renamed`))
  })

  it('has no entry for what was refused or changed nothing', async () => {
    const host = await startHost()
    await host.call('POST', '/m365-tenants', { json: newTenantBody({ m365_tenant_id: 'nobody' }) })
    await host.call('DELETE', `/m365-tenants/${randomUUID()}`)
    await host.call('POST', '/m365-tenants', { json: newTenantBody(), token: 'msp-a/viewer' })
    expect((await host.call('GET', '/audit')).json.data).toEqual([])
  })

  it('S-27 shows the caller’s platform tenant alone, in pages', async () => {
    const host = await startHost()
    await withScan(host, 'msp-b')
    await withScan(host, 'msp-a')
    const whole = (await host.call('GET', '/audit')).json.data
    expect(whole.length).toBeGreaterThan(1)
    const ids: string[] = []
    for (let path = '/audit?limit=1'; ; ) {
      const { json } = await host.call('GET', path)
      ids.push(...json.data.map((entry: { id: string }) => entry.id))
      if (json.next === null) break
      path = `/audit?limit=1&cursor=${encodeURIComponent(json.next)}`
    }
    expect(ids).toEqual(whole.map((entry: { id: string }) => entry.id))
    const others = (await host.call('GET', '/audit', { token: 'msp-b' })).json.data
    expect(others.filter(({ id }: { id: string }) => ids.includes(id))).toEqual([])
  })

  it('filters by action, actor and time, and refuses what it does not know', async () => {
    const host = await startHost()
    await withScan(host)
    const actions = async (query: string) =>
      (await host.call('GET', `/audit?${query}`)).json.data.map(({ action }: { action: string }) => action)
    expect(new Set(await actions('action=scan.started'))).toEqual(new Set(['scan.started']))
    expect(await actions('actor=nobody')).toEqual([])
    expect(await actions('since=2100-01-01T00:00:00Z')).toEqual([])
    for (const query of ['since=yesterday', 'until=2026-01-01', 'actor=', 'limit=0'])
      expect((await host.call('GET', `/audit?${query}`)).status, query).toBe(400)
  })
})

describe('S-53 identical requests under one Idempotency-Key', () => {
  it('S-53 sent twenty at once, to two routers, make one scan', async () => {
    const first = await startHost()
    const { tenantId } = await withScan(first)
    const second = await startHost({ router: { tenantscope: first.tenantscope } })
    const headers = { 'idempotency-key': randomUUID() }
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? first : second).call('POST', '/scans/start', { json: { m365_tenant_id: tenantId }, headers }),
      ),
    )
    const accepted = answers.filter(({ status }) => status === 202)
    const refused = answers.filter(({ status }) => status === 409)
    expect(accepted.length + refused.length).toBe(20)
    expect(accepted.length).toBeGreaterThan(0)
    expect(new Set(accepted.map(({ json }) => json.scan_id)).size).toBe(1)
    expect(new Set(refused.map(({ json }) => json.code))).toEqual(
      refused.length > 0 ? new Set(['idempotency_conflict']) : new Set(),
    )
    const again = await second.call('POST', '/scans/start', { json: { m365_tenant_id: tenantId }, headers })
    expect([again.json.scan_id, again.headers.get('idempotency-replayed')]).toEqual([accepted[0]?.json.scan_id, 'true'])
    // One of the set-up and this one.
    expect((await first.scope().scans.list()).data).toHaveLength(2)
  })

  it('S-53 two M365 tenants are not registered for one request that was sent again', async () => {
    const host = await startHost()
    const json = newTenantBody()
    const headers = { 'idempotency-key': randomUUID() }
    const [first, again] = [
      await host.call('POST', '/m365-tenants', { json, headers }),
      await host.call('POST', '/m365-tenants', { json, headers }),
    ]
    expect([first.status, again.status, again.json]).toEqual([201, 201, first.json])
    const other = await host.call('POST', '/m365-tenants', { json: { ...json, client_secret: 'another' }, headers })
    expect(other.status).toBe(422)
  })
})
