import { docsPage } from '../docs/page.ts'
import type { RouteInfo } from '../routes/route.ts'
import { documentOf } from './document.ts'
import type { OpenApiDocument, OpenApiOptions } from './types.ts'

/** What a router tells about itself. `baseUrl` is the path it is mounted under, as the request shows it. */
export interface ApiDescription {
  /** The OpenAPI document as JSON. */
  json(baseUrl: string): string
  /** The page made of it; `links` are the addresses of its style sheet and of the document, seen from the page. */
  page(baseUrl: string, links: { style: string; document: string }): string
}

export function apiDescription(routes: readonly RouteInfo[], options: OpenApiOptions): ApiDescription {
  let made: OpenApiDocument | null = null
  // Made at the first request and kept, for it costs some milliseconds; only the address differs between requests.
  const at = (baseUrl: string): OpenApiDocument => {
    made ??= documentOf(routes, options)
    const serverUrl = options.serverUrl ?? (baseUrl === '' ? '/' : baseUrl)
    return { ...made, servers: [{ url: serverUrl }] }
  }
  return {
    json: (baseUrl) => JSON.stringify(at(baseUrl)),
    page: (baseUrl, links) => docsPage(at(baseUrl), links),
  }
}
