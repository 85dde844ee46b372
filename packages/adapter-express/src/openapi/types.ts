import type { JsonSchema } from '../schemas/wire-form.ts'

/** OpenAPI 3.1, as far as this document uses it. */
export interface OpenApiDocument {
  openapi: string
  info: {
    title: string
    version: string
    summary: string
    description: string
    license: { name: string; identifier: string }
  }
  servers: { url: string }[]
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, OpenApiOperation>>
  components: {
    schemas: Record<string, JsonSchema>
    headers: Record<string, { description: string; schema: JsonSchema }>
    securitySchemes: Record<string, SecurityScheme>
  }
}

export interface OpenApiOperation {
  operationId: string
  summary: string
  description?: string
  tags: string[]
  /** What the host's `authorize` is asked; null where it is not. */
  'x-action': string | null
  security: Record<string, string[]>[]
  parameters?: OpenApiParameter[]
  requestBody?: { description?: string; required: boolean; content: Record<string, OpenApiContent> }
  responses: Record<string, OpenApiResponse>
}

export interface OpenApiParameter {
  name: string
  in: 'path' | 'query' | 'header'
  description?: string
  required: boolean
  explode?: boolean
  schema: JsonSchema
}

export interface OpenApiContent {
  schema: JsonSchema
  /** Server-sent events by name: OpenAPI 3.1 has no word for them. */
  'x-events'?: Record<string, { description: string; schema: JsonSchema }>
}

export interface OpenApiResponse {
  description: string
  headers?: Record<string, { $ref: string } | { description: string; schema: JsonSchema }>
  content?: Record<string, OpenApiContent>
}

/** A security scheme object of OpenAPI 3.1. */
export interface SecurityScheme {
  type: 'apiKey' | 'http' | 'mutualTLS' | 'oauth2' | 'openIdConnect'
  description?: string
  [field: string]: unknown
}

export interface OpenApiOptions {
  /** Where the router is mounted, as a path or a whole URL. Default: `/`; a router names its own mount path. */
  serverUrl?: string
  /** Default: `tenantscope`. */
  title?: string
  /** How callers satisfy the host's `authenticate`, by name; any one of them is enough. Default: a bearer token, called `host`. */
  securitySchemes?: Readonly<Record<string, SecurityScheme>>
}
