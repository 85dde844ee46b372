import { matchRoute } from '../src/http/match.ts'
import { openApiDocument, routes } from '../src/index.ts'
import { problemsOf } from '../src/openapi/problems.ts'
import type { Route } from '../src/routes/route.ts'
import type { Answer } from './host.ts'

const { paths } = openApiDocument()

/** Every answer that any test gets must be one that the document tells of, by status and content type; a body must be what the route table says it is. */
export function requireDocumented(method: string, path: string, { status, headers, json }: Answer): void {
  const match = matchRoute(routes as readonly Route[], method, path.split('?', 1)[0] ?? '')
  // What no route serves is not in the document; nor is a page that is not turned on.
  if (match.kind !== 'route' || (match.route.optIn !== null && status === 404)) return
  const { route } = match
  const name = `${method} ${path} → ${status}`
  const response = paths[route.path]?.[route.method.toLowerCase()]?.responses[status]
  if (!response) throw new Error(`${name} is not in the document: ${JSON.stringify(json)}`)
  if (headers.get('content-type')?.startsWith('application/problem+json') && !problemsOf(route).includes(json.code)) {
    throw new Error(`${name}: the document does not tell of ${json.code} here.`)
  }
  const type = headers.get('content-type')?.split(';', 1)[0]
  if (type !== undefined && !(type in (response.content ?? {})))
    throw new Error(`${name} as ${type} is not in the document.`)
  const schema = route.responses[status]?.schema
  if (type !== 'application/json' || !schema || method === 'HEAD') return
  const outcome = schema.safeParse(json)
  if (!outcome.success) throw new Error(`${name} is not what the route table says: ${outcome.error.message}`)
}

const streamed = routes.find(({ path }) => path === '/stream/{scan_id}')?.responses[200]?.events ?? {}

/** The same for events. Thrown while a stream is read, it fails the run. */
export function requireDocumentedEvent({ event, data }: { event: string; data: unknown }): void {
  const schema = streamed[event]?.schema
  if (!schema) throw new Error(`The event ${event} is not in the document.`)
  const outcome = schema.safeParse(data)
  if (!outcome.success) throw new Error(`The event ${event} is not what the route table says: ${outcome.error.message}`)
}
