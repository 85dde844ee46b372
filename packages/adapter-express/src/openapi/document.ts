import { problemCodes, problemTitle } from '../problems/problem.ts'
import type { RouteInfo } from '../routes/route.ts'
import { problemSchema } from '../schemas/common.ts'
import { operationOf } from './operation.ts'
import { schemaComponents } from './schema-components.ts'
import { tags } from './tags.ts'
import type { OpenApiDocument, OpenApiOptions, SecurityScheme } from './types.ts'

/** Of the API, not of the package: it changes when a client would have to. */
const apiVersion = '0.1.0'

const hostScheme: Readonly<Record<string, SecurityScheme>> = {
  host: {
    type: 'http',
    scheme: 'bearer',
    description: 'Whoever embeds this API decides who calls; a session cookie may do instead of a token.',
  },
}
const signatureScheme: SecurityScheme = {
  type: 'apiKey',
  in: 'header',
  name: 'webhook-signature',
  description: 'Standard Webhooks: an HMAC-SHA256 over id, time and body, by a key of that scan.',
}

/** The OpenAPI document of some routes, always in the same order: that of the table, names of schemas sorted. */
export function documentOf(routes: readonly RouteInfo[], options: OpenApiOptions = {}): OpenApiDocument {
  const schemas = schemaComponents()
  const securitySchemes = { ...(options.securitySchemes ?? hostScheme) }
  const schemeNames = Object.keys(securitySchemes)
  if (schemeNames.includes('signature')) throw new TypeError('The security scheme "signature" is that of the webhook.')
  schemas.of(problemSchema, 'output')
  const paths: OpenApiDocument['paths'] = {}
  for (const route of routes) {
    const path = paths[route.path] ?? {}
    path[route.method.toLowerCase()] = operationOf(route, schemas, schemeNames)
    paths[route.path] = path
  }
  const used = new Set(Object.values(paths).flatMap((path) => Object.values(path).flatMap((one) => one.tags)))
  return {
    openapi: '3.1.1',
    info: {
      title: options.title ?? 'tenantscope',
      version: apiVersion,
      summary: 'Scans of Microsoft 365 tenants against the CIS Microsoft 365 Foundations Benchmark.',
      description: introduction(),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: options.serverUrl ?? '/' }],
    tags: tags.filter(({ name }) => used.has(name)),
    paths,
    components: {
      schemas: schemas.all(),
      headers: {
        'X-Request-Id': { description: 'Finds the request in the log.', schema: { type: 'string', format: 'uuid' } },
      },
      securitySchemes: { ...securitySchemes, signature: signatureScheme },
    },
  }
}

function introduction(): string {
  return [
    'Every GET answers HEAD as well. A request with a field or parameter that is not known is refused (400), and every wrong value is told at once.',
    'Errors are RFC 9457 problems. What is missing and what belongs to somebody else are the same 404.',
    'Lists are pages: hand `next` or `prev` in as `cursor`.',
    `Codes of problems: ${problemCodes.map((code) => `\`${code}\` (${problemTitle(code)})`).join(', ')}.`,
  ].join('\n\n')
}
