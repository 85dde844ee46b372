import { freshTenant, type TenantDocument } from '@tenantscope/m365-simulator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { events } from '../src/event-stream.ts'
import { platform, registration } from './platform.ts'

let tenant: TenantDocument
let on: Awaited<ReturnType<typeof platform>>

beforeAll(async () => {
  tenant = freshTenant({ tenantId: '660636d5-cb4e-4816-b1b8-f5afc446f583' })
  on = await platform({ tenants: [tenant] })
})
afterAll(() => on.close())

const headers = {
  authorization: 'Bearer YOUR_JWT_TOKEN',
  'x-tenant-id': 'your-tenant-id',
  'content-type': 'application/json',
}

async function send(method: string, path: string, body?: unknown) {
  const response = await fetch(`${on.api}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> & { data: never[] } }
}

it('takes the requests of the system it follows, field by field', async () => {
  const placeholder = await send('POST', '/m365-tenants', {
    m365_tenant_id: '660636d5-cb4e-4816-b1b8-f5afc446f583',
    m365_tenant_name: 'Contoso Corporation',
    m365_domain: 'contoso.onmicrosoft.com',
    description: 'Production M365 tenant',
    client_id: 'your-client-id',
    client_secret: 'your-client-secret',
  })
  expect(placeholder.status).toBe(201)
  const { client_id, client_secret } = registration(tenant)
  expect(
    (await send('PUT', `/m365-tenants/${placeholder.body.id}/credentials`, { client_id, client_secret })).status,
  ).toBe(200)

  const test = await send('POST', '/m365-tenants/660636d5-cb4e-4816-b1b8-f5afc446f583/test-connection')
  expect(test).toMatchObject({ status: 200, body: { status: 'partial' } })

  const started = await send('POST', '/scans/start', {
    m365_tenant_id: '660636d5-cb4e-4816-b1b8-f5afc446f583',
    l1_only: false,
    check_ids: null,
    output_format: 'json',
  })
  expect(started).toMatchObject({ status: 202, body: { status: 'pending' } })

  const seen: string[] = []
  let last: Record<string, unknown> = {}
  for await (const event of events(`${on.api}/stream/${started.body.scan_id}`, headers)) {
    seen.push(event.type)
    last = JSON.parse(event.data)
  }
  expect(seen.at(-1)).toBe('complete')
  expect(seen.filter((type) => type === 'check')).toHaveLength(Number(last.total_checks))
  expect(last).toMatchObject({ status: 'completed', progress_percentage: 100 })

  const results = await send('GET', `/scans/${started.body.scan_id}/results?limit=200`)
  expect(results.body.data).toHaveLength(Number(last.total_checks))
  const scans = await send('GET', '/scans')
  expect(scans.body.data).toHaveLength(1)
})

it('gives the browser a session with the landing page, so that EventSource works without headers', async () => {
  const page = await fetch(`${on.server.url}/`)
  const cookie = page.headers.get('set-cookie')?.split(';')[0] ?? ''
  expect(page.headers.get('content-type')).toContain('text/html')
  expect((await fetch(`${on.api}/scans`)).status).toBe(401)
  expect((await fetch(`${on.api}/scans`, { headers: { cookie } })).status).toBe(200)
})
