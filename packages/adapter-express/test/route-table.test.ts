import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { routes } from '../src/index.ts'

/** The object itself: schemas with a name are documented as a reference to it. */
function documented(schema: z.ZodType, io: 'input' | 'output'): unknown {
  const whole = z.toJSONSchema(schema, { io })
  const name = whole.$ref?.replace('#/$defs/', '')
  return name === undefined ? whole : whole.$defs?.[name]
}

describe('the route table', () => {
  it('has each method and path once', () => {
    const names = routes.map(({ method, path }) => `${method} ${path}`)
    expect(new Set(names).size).toBe(names.length)
  })

  it('holds the routes that older clients call', () => {
    const names = routes.map(({ method, path }) => `${method} ${path.replace('{id}', '{}').replace('{scan_id}', '{}')}`)
    expect(names).toEqual(
      expect.arrayContaining([
        'GET /m365-tenants',
        'POST /m365-tenants',
        'GET /m365-tenants/{}',
        'PUT /m365-tenants/{}',
        'DELETE /m365-tenants/{}',
        'GET /m365-tenants/{}/credentials',
        'POST /m365-tenants/{}/test-connection',
        'POST /scans/start',
        'GET /scans/{}/status',
        'GET /scans/{}/results',
        'GET /scans',
        'DELETE /scans/{}/cancel',
        'GET /stream/{}',
        'POST /webhook/progress/{}',
      ]),
    )
  })

  it.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    'can be documented: %s',
    (_, route) => {
      const parameters = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      expect(Object.keys(route.params.shape).sort()).toEqual(parameters.sort())
      for (const schema of [route.params, route.query, route.body]) {
        if (schema === null) continue
        // Requests refuse what they do not know, and the document says so.
        expect(documented(schema, 'input')).toMatchObject({ type: 'object', additionalProperties: false })
      }
      for (const [status, { schema, description }] of Object.entries(route.responses)) {
        expect([Number(status) >= 200 && Number(status) < 600, description.length > 0]).toEqual([true, true])
        if (schema) expect(documented(schema, 'output')).toMatchObject({ type: 'object', additionalProperties: false })
      }
    },
  )

  it('lets no route but the signed ones pass without the host’s authorisation', () => {
    expect(routes.filter(({ security }) => security !== 'host').map(({ path }) => path)).toEqual([
      '/webhook/progress/{scan_id}',
      '/webhook/token/{scan_id}',
    ])
  })
})
