import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { type OpenApiDocument, openApiDocument, problemCodes, routes } from '../src/index.ts'
import { startHost, withScan } from './host.ts'

const names = (document: OpenApiDocument) =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
const operations = Object.values(openApiDocument().paths).flatMap((path) => Object.values(path))

/** Everything in the document that is called so, wherever it is. */
function valuesOf(key: string, node: unknown): unknown[] {
  if (typeof node !== 'object' || node === null) return []
  const below = Object.values(node).flatMap((child) => valuesOf(key, child))
  return Object.hasOwn(node, key) ? [(node as Record<string, unknown>)[key], ...below] : below
}

describe('the document', () => {
  it('has every route, and no other', () => {
    expect(names(openApiDocument()).sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort())
  })

  it('is OpenAPI 3.1', async () => {
    const validator = new Validator()
    const outcome = await validator.validate(JSON.parse(JSON.stringify(openApiDocument())))
    expect([validator.version, outcome.errors ?? [], outcome.valid]).toEqual(['3.1', [], true])
  })

  it('is the one kept in the package (if the change is meant: npm run openapi)', () => {
    const kept = readFileSync(new URL('../openapi.json', import.meta.url), 'utf8')
    expect(JSON.parse(kept)).toEqual(JSON.parse(JSON.stringify(openApiDocument())))
    // The order as well: whoever reads the difference of two versions sees what has changed and nothing else.
    expect(kept.replaceAll('\r\n', '\n')).toBe(`${JSON.stringify(openApiDocument(), null, 2)}\n`)
  })

  it('refers to nothing that is not there', () => {
    const document = openApiDocument()
    const references = valuesOf('$ref', document)
    expect(references.length).toBeGreaterThan(100)
    for (const reference of new Set(references)) {
      const steps = String(reference).split('/').slice(1)
      const target = steps.reduce<unknown>((node, step) => (node as Record<string, unknown>)?.[step], document)
      expect([reference, typeof target]).toEqual([reference, 'object'])
    }
  })

  it('gives each operation a name of its own and the action that is asked for', () => {
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(routes.length)
    const asked = operations.map((operation) => operation['x-action'])
    expect(asked).toEqual(routes.map(({ action, security }) => (security === 'host' ? action : null)))
  })

  it('shows examples that the routes take, and no secret in an answer', () => {
    const bodies = routes.flatMap(({ body }) => (body === null ? [] : [body]))
    const examples = bodies.flatMap((body) =>
      ((body.meta()?.examples ?? []) as unknown[]).map((example) => ({ body, example })),
    )
    expect(examples.length).toBeGreaterThan(4)
    for (const { body, example } of examples) expect(body.safeParse(example).error).toBeUndefined()
    const { schemas } = openApiDocument().components
    const hidden = Object.entries(schemas).filter(([, schema]) => valuesOf('writeOnly', schema).includes(true))
    expect(hidden.map(([name]) => name)).toEqual(['CredentialReplace', 'M365TenantCreate'])
  })

  it('tells what a stream carries, how a signed message is signed, and that a POST may be repeated', () => {
    const { paths } = openApiDocument()
    const stream = paths['/stream/{scan_id}']?.get
    const events = stream?.responses['200']?.content?.['text/event-stream']?.['x-events']
    expect(Object.keys(events ?? {})).toEqual(['progress', 'check', 'error', 'complete'])
    expect(events?.check?.schema).toEqual({ $ref: '#/components/schemas/CheckEvent' })
    const webhook = paths['/webhook/progress/{scan_id}']?.post
    expect(webhook?.security).toEqual([{ signature: [] }])
    expect(webhook?.parameters?.filter((one) => one.in === 'header' && one.required).map((one) => one.name)).toEqual([
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
    ])
    const withKey = operations.filter(({ parameters }) => parameters?.some(({ name }) => name === 'Idempotency-Key'))
    expect(withKey.length).toBe(routes.filter((one) => one.method === 'POST' && one.security === 'host').length)
  })

  it('knows every code of a problem, and explains each', () => {
    const { components, info } = openApiDocument()
    expect(components.schemas.Problem?.properties?.code?.enum).toEqual([...problemCodes])
    for (const code of problemCodes) expect(info.description).toContain(`\`${code}\``)
  })

  it('takes the host’s address, title and ways to sign in', () => {
    const cookie = { type: 'apiKey', in: 'cookie', name: 'session' } as const
    const bearer = { type: 'http', scheme: 'bearer' } as const
    const document = openApiDocument({
      serverUrl: 'https://msp.example/cspm',
      title: 'CSPM',
      securitySchemes: { cookie, bearer },
    })
    expect([document.servers, document.info.title]).toEqual([[{ url: 'https://msp.example/cspm' }], 'CSPM'])
    expect(document.paths['/scans']?.get?.security).toEqual([{ cookie: [] }, { bearer: [] }])
    expect(Object.keys(document.components.securitySchemes)).toEqual(['cookie', 'bearer', 'signature'])
    expect(() => openApiDocument({ securitySchemes: { signature: cookie } })).toThrow('signature')
  })
})

describe('GET /openapi.json', () => {
  it('is the document of what this router serves, at its own address', async () => {
    const host = await startHost()
    const answer = await host.call('GET', '/openapi.json')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
    const whole = openApiDocument({ serverUrl: '/msp/cspm' })
    const { '/docs': _, '/docs/style.css': __, ...paths } = whole.paths
    expect(answer.json).toEqual(JSON.parse(JSON.stringify({ ...whole, paths })))
    const open = await startHost({ router: { docs: true, openApi: { serverUrl: '/outside', title: 'CSPM' } } })
    const { json } = await open.call('GET', '/openapi.json')
    expect(json).toEqual(JSON.parse(JSON.stringify(openApiDocument({ serverUrl: '/outside', title: 'CSPM' }))))
  })

  it('is the same for every caller: it tells nothing of what is stored', async () => {
    const host = await startHost()
    const before = await host.call('GET', '/openapi.json')
    await withScan(host)
    const after = await host.call('GET', '/openapi.json', { token: 'msp-b' })
    expect(after.text).toBe(before.text)
  })

  it.each([
    ['/openapi.json', 'openapi.read'],
    ['/docs', 'docs.read'],
    ['/docs/style.css', 'docs.read'],
  ])('asks the host as any other route: %s', async (path, action) => {
    const host = await startHost({ router: { docs: true } })
    expect((await host.call('GET', path, { token: null })).json.code).toBe('unauthenticated')
    expect(host.questions).toEqual([])
    expect((await host.call('GET', path, { token: 'msp-a/guest' })).json.code).toBe('forbidden')
    expect(host.questions).toEqual([{ action, resource: { type: 'service', id: null, m365TenantId: null } }])
    expect((await host.call('GET', `${path}?x=1`)).json.errors[0].pointer).toBe('/x')
    expect((await host.call('POST', path)).headers.get('allow')).toBe('GET, HEAD')
    const head = await host.call('HEAD', path)
    expect([head.status, head.text, Number(head.headers.get('content-length')) > 1000]).toEqual([200, '', true])
  })
})
