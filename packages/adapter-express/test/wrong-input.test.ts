import { request as httpRequest } from 'node:http'
import { TenantscopeError } from '@tenantscope/core'
import express from 'express'
import { describe, expect, it } from 'vitest'
import { problemSchema } from '../src/schemas/common.ts'
import { type Answer, clientId, type Host, newTenantBody, secret, startHost, withScan } from './host.ts'

function expectProblem(answer: Answer, status: number, code: string) {
  expect([answer.status, answer.json?.code]).toEqual([status, code])
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(problemSchema.safeParse(answer.json).error?.issues ?? []).toEqual([])
  expect(answer.json.request_id).toBe(answer.headers.get('x-request-id'))
}

const pointers = (answer: Answer) => answer.json.errors.map((error: { pointer: string }) => error.pointer).sort()

describe('wrong fields', () => {
  it('tells all of them at once, of body and query', async () => {
    const host = await startHost()
    const answer = await host.call('POST', '/m365-tenants?x=1', {
      json: {
        m365_tenant_id: 'nope',
        m365_tenant_name: '',
        status: 'active',
        attempt: 1,
        client_id: clientId,
        password: 'p',
      },
    })
    expectProblem(answer, 400, 'invalid_input')
    expect(pointers(answer)).toEqual([
      '/attempt',
      '/m365_domain',
      '/m365_tenant_id',
      '/m365_tenant_name',
      '/status',
      '/username',
      '/x',
    ])
  })

  it.each([
    ['no credential', { client_id: undefined, client_secret: undefined }, ['']],
    ['a client id alone', { client_secret: undefined }, ['/client_id']],
    ['two methods', { username: 'u', password: 'p' }, ['/password', '/username']],
    ['a method without its fields', { auth_method: 'certificate', client_secret: undefined }, ['/certificate']],
    ['an unknown method', { auth_method: 'magic' }, ['/auth_method']],
    ['a secret for the shared app', { auth_method: 'shared_app', client_id: undefined }, ['/client_secret']],
    ['a domain that is none (core’s rule)', { m365_domain: 'not a domain' }, ['/m365_domain']],
    ['a certificate that is none (core’s rule)', { client_secret: undefined, certificate: 'AAAA' }, ['/certificate']],
    ['an unknown input (core’s rule)', { inputs: { approvedThings: [] } }, ['/inputs/approvedThings']],
    ['a control character', { m365_tenant_name: 'a\u0000b' }, ['/m365_tenant_name']],
    ['a lone surrogate', { description: '\ud800' }, ['/description']],
  ])('refuses %s', async (_, overrides, expected) => {
    const host = await startHost()
    const answer = await host.call('POST', '/m365-tenants', { json: newTenantBody(overrides) })
    expectProblem(answer, 400, 'invalid_input')
    expect(pointers(answer)).toEqual(expected)
    expect(answer.text).not.toContain(secret)
  })

  it('refuses changes of what cannot be changed, and inputs of a wrong type', async () => {
    const host = await startHost()
    const { tenantId, scan } = await withScan(host)
    const id = await host.call('PUT', `/m365-tenants/${tenantId}`, { json: { m365_tenant_id: clientId } })
    expect(pointers(id)).toEqual(['/m365_tenant_id'])
    for (const field of ['status', 'tenant_id', 'attempt', 'id']) {
      const answer = await host.call('PATCH', `/m365-tenants/${tenantId}`, { json: { [field]: 'active' } })
      expect(pointers(answer)).toEqual([`/${field}`])
    }
    const inputs = await host.call('PUT', `/m365-tenants/${tenantId}/inputs`, {
      json: { inputs: { approvedPublicGroups: 1, x: 2 } },
    })
    expect(pointers(inputs)).toEqual(['/inputs/approvedPublicGroups', '/inputs/x'])
    const cancel = await host.call('POST', `/scans/${scan.id}/cancel`, { json: { force: true } })
    expect(pointers(cancel)).toEqual(['/force'])
  })

  it.each([
    [{ l1_only: true, level: 'L2' }, ['/level']],
    [{ check_ids: ['1.1.1', '7.7.7', '8.8.8'] }, ['/check_ids/1', '/check_ids/2']],
    [{ check_ids: [] }, ['/check_ids']],
    [{ check_ids: 'all', output_format: 'exe' }, ['/check_ids', '/output_format']],
    [{ benchmark: { id: 'cis-m365', version: '1' } }, ['/benchmark']],
    [{ benchmark: { id: 'cis-m365', version: '5.0.0', status: 1 } }, ['/benchmark/status']],
  ])('refuses to start a scan with %j', async (overrides, expected) => {
    const host = await startHost()
    const { tenantId } = await withScan(host)
    const answer = await host.call('POST', '/scans/start', { json: { m365_tenant_id: tenantId, ...overrides } })
    expectProblem(answer, 400, 'invalid_input')
    expect(pointers(answer)).toEqual(expected)
  })

  it.each([
    ['/scans?limit=0', ['/limit']],
    ['/scans?limit=201', ['/limit']],
    ['/scans?limit=1e2', ['/limit']],
    ['/scans?status=done&since=yesterday', ['/since', '/status']],
    ['/scans?cursor=eyJ9', ['/cursor']],
    ['/scans?limit=1&limit=2', ['/limit']],
    ['/scans?limit[]=1', ['/limit[]']],
    ['/m365-tenants?__proto__=1', ['/__proto__']],
  ])('refuses %s', async (path, expected) => {
    const host = await startHost()
    const answer = await host.call('GET', path)
    expectProblem(answer, 400, 'invalid_input')
    expect(pointers(answer)).toEqual(expected)
  })

  it('says conflict for a second registration', async () => {
    const host = await startHost()
    const json = newTenantBody()
    await host.call('POST', '/m365-tenants', { json })
    expectProblem(await host.call('POST', '/m365-tenants', { json }), 409, 'conflict')
  })
})

describe('paths and methods', () => {
  it.each(['/', '/nothing', '/m365-tenants/x/y/z', '/scans//status/', '/M365-Tenants'])(
    'answers 404 for %s',
    async (path) => {
      const host = await startHost()
      expectProblem(
        await host.call('GET', path),
        path === '/scans//status/' ? 400 : 404,
        path === '/scans//status/' ? 'invalid_input' : 'not_found',
      )
    },
  )

  it('answers 405 with Allow, and HEAD like GET without a body', async () => {
    const host = await startHost()
    const { scan } = await withScan(host)
    const wrong = await host.call('PATCH', `/scans/${scan.id}/cancel`)
    expectProblem(wrong, 405, 'method_not_allowed')
    expect(wrong.headers.get('allow')).toBe('DELETE, POST')
    expect((await host.call('OPTIONS', '/scans')).headers.get('allow')).toBe('GET, HEAD')
    const head = await host.call('HEAD', `/scans/${scan.id}/status`)
    expect([head.status, head.text, Number(head.headers.get('content-length')) > 100]).toEqual([200, '', true])
    const stream = await host.call('HEAD', `/stream/${scan.id}`)
    expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
  })

  it('leaves the host’s other paths alone', async () => {
    const host = await startHost()
    expect((await fetch(new URL('/elsewhere', host.url))).headers.get('content-type')).not.toContain('problem')
  })
})

/** Sends bytes that `fetch` would refuse to send. */
function raw(
  host: Host,
  path: string,
  body: Buffer,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const req = httpRequest(
      host.url + path,
      { method: 'POST', headers: { authorization: 'Bearer msp-a', ...headers } },
      (res) => {
        let text = ''
        res.setEncoding('utf8')
        res.on('data', (part) => {
          text += part
        })
        res.on('end', () => resolve({ status: res.statusCode ?? 0, text }))
      },
    )
    req.on('error', reject)
    req.end(body)
  })
}

const hosts: [string, () => Promise<Host>][] = [
  ['a host without parser', () => startHost()],
  ['a host with express.json()', () => startHost({ before: [express.json({ limit: '5mb', strict: false })] })],
]

describe.each(hosts)('hostile bodies, %s', (name, start) => {
  it('refuses what reaches a prototype, at any depth', async () => {
    const host = await start()
    for (const body of [
      '{"__proto__":{"polluted":1}}',
      '{"inputs":{"a":[{"__proto__":{"polluted":1}}]}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      '{"description":{"constructor":{"prototype":{"polluted":1}}}}',
    ]) {
      const answer = await host.call('POST', '/m365-tenants', { body, headers: { 'content-type': 'application/json' } })
      expectProblem(answer, 400, 'invalid_input')
      expect(pointers(answer)[0]).toMatch(/(__proto__|constructor)$/)
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('refuses bombs: deep, large, and not said to be large', async () => {
    const host = await start()
    const headers = { 'content-type': 'application/json' }
    const deep = `{"inputs":${'[['.repeat(100_000)}${']]'.repeat(100_000)}}`
    expectProblem(await host.call('POST', '/m365-tenants', { body: deep, headers }), 400, 'invalid_input')
    const wide = JSON.stringify({ ...newTenantBody(), inputs: { list: Array(300_000).fill('aaaaa') } })
    expectProblem(await host.call('POST', '/m365-tenants', { body: wide, headers }), 413, 'body_too_large')
    const twoMegabytes = Buffer.from(JSON.stringify({ description: 'x'.repeat(2 * 1024 * 1024) }))
    expect(
      (await raw(host, '/m365-tenants', twoMegabytes, { ...headers, 'transfer-encoding': 'chunked' })).status,
    ).toBe(413)
  })

  it('refuses bodies that are not an object', async () => {
    const host = await start()
    for (const body of ['[]', '"text"', '17', 'null']) {
      const answer = await host.call('POST', '/m365-tenants', { body, headers: { 'content-type': 'application/json' } })
      expectProblem(answer, 400, 'invalid_input')
    }
  })

  it('refuses other content types', async () => {
    const host = await start()
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/json; charset=utf-16',
    ]) {
      // express.json() itself answers a charset that it does not know.
      if (name.includes('express.json') && type.includes('utf-16')) continue
      const answer = await host.call('POST', '/m365-tenants', { body: '{}', headers: { 'content-type': type } })
      expectProblem(answer, 415, 'unsupported_media_type')
    }
  })

  it('takes a good one', async () => {
    const host = await start()
    expect((await host.call('POST', '/m365-tenants', { json: newTenantBody() })).status).toBe(201)
    const body = JSON.stringify(newTenantBody())
    const chunked = await raw(host, '/m365-tenants', Buffer.from(body), {
      'content-type': 'application/json;charset=UTF-8',
      'transfer-encoding': 'chunked',
    })
    expect(chunked.status).toBe(201)
  })
})

describe('broken bodies', () => {
  it('says 400 for what is not JSON or not UTF-8, without quoting it', async () => {
    const host = await startHost()
    const headers = { 'content-type': 'application/json' }
    for (const body of ['{', `{"client_secret": "${secret}"`, 'undefined', '{"a":1}{"b":2}']) {
      const answer = await host.call('POST', '/m365-tenants', { body, headers })
      expectProblem(answer, 400, 'malformed_json')
      expect(answer.text).not.toContain(secret)
    }
    const notUtf8 = await raw(host, '/m365-tenants', Buffer.from([0x7b, 0xff, 0x7d]), headers)
    expect([notUtf8.status, JSON.parse(notUtf8.text).code]).toEqual([400, 'malformed_json'])
  })

  it('says 415 for a compressed body and 400 for none', async () => {
    const host = await startHost()
    const packed = await host.call('POST', '/m365-tenants', {
      body: '{}',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    })
    expectProblem(packed, 415, 'unsupported_media_type')
    const none = await host.call('POST', '/m365-tenants')
    expectProblem(none, 400, 'invalid_input')
    expect(none.json.errors).toEqual([{ in: 'body', pointer: '', detail: 'is required.' }])
  })
})

describe('faults inside', () => {
  const words = 'select * from secrets at /srv/app/node_modules/postgres/src/connection.js'
  it.each([
    [new Error(words), 500, 'internal'],
    [new TenantscopeError('storage_failed', words, { retryable: true }), 503, 'unavailable'],
    [new TenantscopeError('storage_refused', words), 500, 'internal'],
    [new TenantscopeError('runner_missing', words), 503, 'unavailable'],
    [new TenantscopeError('secret_unreadable', words), 500, 'internal'],
    ['a thrown text', 500, 'internal'],
    [undefined, 500, 'internal'],
  ])('%s → %d %s, and only the log knows why', async (error, status, code) => {
    const host = await startHost({
      router: {
        authenticate: () => {
          throw error
        },
      },
    })
    const answer = await host.call('GET', '/scans')
    expectProblem(answer, status, code)
    expect(answer.text).not.toMatch(/select|srv|node_modules|thrown/)
    expect(host.log).toMatchObject([{ level: 'error', fields: { requestId: answer.json.request_id } }])
    expect(host.log[0]?.fields?.error).toBe(error)
  })
})
