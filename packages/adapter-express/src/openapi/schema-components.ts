import * as z from 'zod'
import { type JsonSchema, wireForms } from '../schemas/wire-form.ts'

export interface SchemaComponents {
  /** The schema as the document has it; what has a name goes to the components and is referred to. */
  of(schema: z.ZodType, io: 'input' | 'output'): JsonSchema
  /** All named schemas so far, in the order of their names. */
  all(): Record<string, JsonSchema>
}

export function schemaComponents(): SchemaComponents {
  const named = new Map<string, JsonSchema>()
  return {
    of: (schema, io) => {
      const whole = z.toJSONSchema(schema, {
        io,
        override: ({ zodSchema, jsonSchema }) => asOnTheWire(zodSchema, jsonSchema as JsonSchema),
      })
      const { $schema: _, $defs = {}, ...own } = whole
      for (const [name, definition] of Object.entries($defs)) {
        const component = pointToComponents(definition) as JsonSchema
        const before = named.get(name)
        if (before && JSON.stringify(before) !== JSON.stringify(component)) {
          throw new TypeError(`Two schemas have the name ${name}.`)
        }
        named.set(name, component)
      }
      return pointToComponents(own) as JsonSchema
    },
    all: () => Object.fromEntries([...named].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

function asOnTheWire(zodSchema: z.core.$ZodType, jsonSchema: JsonSchema): void {
  const wire = wireForms.get(zodSchema)
  if (wire) {
    for (const keyword of Object.keys(jsonSchema)) delete jsonSchema[keyword]
    Object.assign(jsonSchema, wire)
  }
  // The format says it; the pattern is longer than the rest of the schema.
  if (jsonSchema.format === 'date-time' || jsonSchema.format === 'uuid') delete jsonSchema.pattern
}

function pointToComponents(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(pointToComponents)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string'
        ? value.replace('#/$defs/', '#/components/schemas/')
        : pointToComponents(value),
    ]),
  )
}
