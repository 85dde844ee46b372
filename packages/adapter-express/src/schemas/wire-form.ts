import * as z from 'zod'

/** A JSON Schema (2020-12), as far as this package looks into it. */
export interface JsonSchema {
  $ref?: string
  type?: string | string[]
  format?: string
  pattern?: string
  description?: string
  enum?: unknown[]
  const?: unknown
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: boolean | JsonSchema
  anyOf?: JsonSchema[]
  examples?: unknown[]
  [keyword: string]: unknown
}

/** How a value is documented whose schema reads text (of a query) and so would say less than it takes. */
export const wireForms = z.registry<JsonSchema>()
