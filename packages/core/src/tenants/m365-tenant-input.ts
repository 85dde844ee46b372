import * as z from 'zod'
import type { InputDefinition } from '../benchmarks/benchmark.ts'
import { credentialInputSchema } from '../credentials/credential-input.ts'
import { type FieldError, InvalidInputError } from '../errors/errors.ts'
import { pageLimit } from '../paging/page.ts'

const guidSchema = z
  .guid('must be a GUID such as 660636d5-cb4e-4816-b1b8-f5afc446f583')
  .transform((id) => id.toLowerCase())

const nameSchema = z
  .string('must be text')
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must have at most 200 characters')
const domainSchema = z
  .string('must be text')
  .trim()
  .toLowerCase()
  .max(253)
  .regex(
    /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/,
    'must be a domain such as contoso.onmicrosoft.com',
  )
const descriptionSchema = z.string().max(2_000, 'must have at most 2,000 characters').nullable()
const inputsSchema = z.record(z.string(), z.unknown())

export const registerSchema = z.strictObject({
  m365TenantId: guidSchema,
  name: nameSchema,
  defaultDomain: domainSchema,
  description: descriptionSchema.optional(),
  credential: credentialInputSchema,
  inputs: inputsSchema.optional(),
})
export type RegisterM365TenantInput = z.input<typeof registerSchema>

export const updateSchema = z.strictObject({
  name: nameSchema.optional(),
  defaultDomain: domainSchema.optional(),
  description: descriptionSchema.optional(),
  status: z.enum(['active', 'inactive'], 'must be active or inactive').optional(),
})
export type UpdateM365TenantInput = z.input<typeof updateSchema>

export const pageSchema = {
  cursor: z
    .string()
    .max(1_000)
    .nullish()
    .transform((cursor) => cursor ?? null),
  limit: z
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(pageLimit.max, `must be at most ${pageLimit.max}`)
    .default(pageLimit.default),
}

export const listTenantsSchema = z.strictObject({
  status: z
    .enum(['active', 'inactive', 'error'])
    .nullish()
    .transform((status) => status ?? null),
  q: z
    .string()
    .max(200)
    .nullish()
    .transform((q) => q ?? null),
  ...pageSchema,
})
export type ListM365TenantsInput = z.input<typeof listTenantsSchema>

const valueSchemas = {
  'string[]': z.array(z.string('must be text').max(1_000)).max(10_000),
  number: z.number('must be a number'),
  string: z.string('must be text').max(1_000),
  boolean: z.boolean('must be true or false'),
} as const

/** Operator inputs against what the benchmarks define. Throws InvalidInputError naming every unknown name and every wrong type. */
export function checkInputs(
  inputs: Record<string, unknown>,
  definitions: readonly InputDefinition[],
  at = '/inputs',
): Record<string, unknown> {
  const errors: FieldError[] = []
  const checked: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(inputs)) {
    const definition = definitions.find((one) => one.name === name)
    const pointer = `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (!definition) {
      errors.push({ pointer, detail: 'is not an operator input of any benchmark here.' })
      continue
    }
    // null takes an input back.
    if (value === null) continue
    const parsed = valueSchemas[definition.type].safeParse(value)
    if (parsed.success) checked[name] = parsed.data
    else errors.push({ pointer, detail: `must be of type ${definition.type}.` })
  }
  if (errors.length > 0) throw new InvalidInputError(errors)
  return checked
}
