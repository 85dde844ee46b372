import { pageLimit } from '@tenantscope/core'
import * as z from 'zod'

/** No parameters at all. */
export const nothing = z.strictObject({})

export const guid = z.guid({ error: 'must be a GUID.' })

/** Control characters have no place in names, and some of them no place in databases. */
const printable = /^[^\p{Cc}\p{Cs}]*$/u
export const line = (max: number) =>
  z.string().trim().min(1, 'must not be empty.').max(max).regex(printable, 'must not hold control characters.')
/** Several lines are fine here. */
export const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must not hold NUL or broken characters.')

const limit = z
  .string()
  .regex(/^[0-9]{1,4}$/, `must be a whole number from 1 to ${pageLimit.max}.`)
  .transform(Number)
  .pipe(z.number().int().min(1).max(pageLimit.max))

export const paging = { cursor: z.string().min(1).max(2000).optional(), limit: limit.optional() }

/** A page of rows, as every list answers. */
export const pageOf = <S extends z.ZodType>(row: S) =>
  z.strictObject({ data: z.array(row), next: z.string().nullable(), prev: z.string().nullable() })

export const time = z.iso.datetime()

export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  request_id: z.string(),
  errors: z
    .array(z.strictObject({ in: z.enum(['body', 'query', 'path', 'header']), pointer: z.string(), detail: z.string() }))
    .optional(),
})
