import type * as z from 'zod'
import { type ProblemCode, problemStatus, problemTitle } from '../problems/problem.ts'
import type { ResponseSpec, RouteInfo } from '../routes/route.ts'
import type { JsonSchema } from '../schemas/wire-form.ts'
import { problemsOf } from './problems.ts'
import type { SchemaComponents } from './schema-components.ts'
import { tagOf } from './tags.ts'
import type { OpenApiContent, OpenApiOperation, OpenApiParameter, OpenApiResponse } from './types.ts'

export function operationOf(
  route: RouteInfo,
  schemas: SchemaComponents,
  schemeNames: readonly string[],
): OpenApiOperation {
  const parameters = [
    ...fieldParameters(route.params, 'path', schemas),
    ...fieldParameters(route.query, 'query', schemas),
    ...headerParameters(route),
  ]
  const requestBody = requestBodyOf(route, schemas)
  const signed = route.security === 'signature'
  return {
    operationId: operationId(route),
    summary: route.summary,
    ...(route.description !== null && { description: route.description }),
    tags: [tagOf(route.path)],
    'x-action': signed ? null : route.action,
    security: signed ? [{ signature: [] }] : schemeNames.map((name) => ({ [name]: [] })),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && { requestBody }),
    responses: merged(goodResponses(route, schemas), problemResponses(route)),
  }
}

/** `GET /m365-tenants/{id}/inputs` → `getM365TenantsByIdInputs`: made of what never changes. */
function operationId({ method, path }: RouteInfo): string {
  const words = path
    .replaceAll(/\{(\w+)\}/g, 'by-$1')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function fieldParameters(fields: z.ZodObject, part: 'path' | 'query', schemas: SchemaComponents): OpenApiParameter[] {
  const { properties = {}, required = [] } = schemas.of(fields, 'input')
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: part,
    ...(description !== undefined && { description }),
    required: required.includes(name),
    // A list is one value with commas: a parameter may be given once only.
    ...(schema.type === 'array' && { explode: false }),
    schema,
  }))
}

function headerParameters({ method, security, headers }: RouteInfo): OpenApiParameter[] {
  const parameters: OpenApiParameter[] = Object.entries(headers).map(([name, { description, required }]) => ({
    name,
    in: 'header',
    description,
    required,
    schema: { type: 'string' },
  }))
  if (method !== 'POST' || security !== 'host') return parameters
  const description =
    'The first answer under this key is given again for 24 hours. Choose a new one, such as a UUID, per intent.'
  const schema = { type: 'string', minLength: 1, maxLength: 255 }
  return [...parameters, { name: 'Idempotency-Key', in: 'header', description, required: false, schema }]
}

function requestBodyOf(route: RouteInfo, schemas: SchemaComponents): OpenApiOperation['requestBody'] {
  if (route.rawBody !== null) {
    return { description: route.rawBody, required: true, content: { 'application/json': { schema: {} } } }
  }
  if (route.body === null) return undefined
  const schema = schemas.of(route.body, 'input')
  return { required: route.bodyRequired, content: { 'application/json': { schema } } }
}

function goodResponses(route: RouteInfo, schemas: SchemaComponents): Record<string, OpenApiResponse> {
  const entries = Object.entries(route.responses).map(([status, spec]) => {
    const content = contentOf(spec, schemas)
    const headers = { ...requestIdHeader, ...describedHeaders(spec) }
    return [status, { description: `${spec.description}.`, headers, ...(content && { content }) }] as const
  })
  return Object.fromEntries(entries)
}

const requestIdHeader = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } }

function describedHeaders({ headers = {} }: ResponseSpec) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  )
}

function contentOf(spec: ResponseSpec, schemas: SchemaComponents): OpenApiResponse['content'] {
  if (spec.schema) return { 'application/json': { schema: schemas.of(spec.schema, 'output') } }
  if (spec.contentType === undefined) return undefined
  const schema: JsonSchema = { type: spec.contentType === 'application/json' ? 'object' : 'string' }
  if (!spec.events) return { [spec.contentType]: { schema } }
  const events = Object.entries(spec.events).map(([name, { description, schema: data }]) => {
    return [name, { description, schema: schemas.of(data, 'output') }] as const
  })
  return { [spec.contentType]: { schema, 'x-events': Object.fromEntries(events) } }
}

/** One response per status; what its codes mean is in the description. */
function problemResponses(route: RouteInfo): Record<string, OpenApiResponse> {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of problemsOf(route)) {
    const status = problemStatus(code)
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const problem: Record<string, OpenApiContent> = {
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
  }
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, response(codes)]))

  function response(codes: ProblemCode[]): OpenApiResponse {
    const description = codes.map((code) => `\`${code}\`: ${problemTitle(code)}.`).join(' ')
    return { description, headers: requestIdHeader, content: problem }
  }
}

/** A status may be an answer of its own and that of a problem: what is not healthy is a 503 as well. */
function merged(good: Record<string, OpenApiResponse>, bad: Record<string, OpenApiResponse>) {
  const both = Object.entries(bad).map(([status, problem]): [string, OpenApiResponse] => {
    const own = good[status]
    if (!own) return [status, problem]
    const description = `${own.description} ${problem.description}`
    return [status, { ...own, description, content: { ...own.content, ...problem.content } }]
  })
  return { ...good, ...Object.fromEntries(both) }
}
