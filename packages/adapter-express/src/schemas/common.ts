import { pageLimit } from '@tenantscope/core'
import * as z from 'zod'
import { type ProblemCode, problemCodes } from '../problems/problem.ts'
import { wireForms } from './wire-form.ts'

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
  .register(wireForms, { type: 'integer', minimum: 1, maximum: pageLimit.max, description: 'Rows of a page.' })

const cursor = z.string().min(1).max(2000).describe('`next` or `prev` of another page of the same list.')
export const paging = { cursor: cursor.optional(), limit: limit.optional() }

/** A page of rows, as every list answers. */
export const pageOf = <S extends z.ZodType>(row: S) => {
  const id = row.meta()?.id
  const cursor = (which: string) =>
    z.string().nullable().describe(`The cursor of the ${which} page; null when there is none.`)
  const page = z.strictObject({ data: z.array(row), next: cursor('next'), prev: cursor('previous') })
  return id === undefined ? page : page.meta({ id: `${id}Page` })
}

export const time = z.iso.datetime()

const problemField = z.strictObject({
  in: z.enum(['body', 'query', 'path', 'header']),
  pointer: z.string().describe('JSON Pointer within that part; empty for the whole.'),
  detail: z.string(),
})

export const problemSchema = z
  .strictObject({
    type: z.string().describe('A URI that stays the same for a code.'),
    title: z.string().describe('The same for every problem of a code.'),
    status: z.number().int(),
    detail: z.string(),
    code: z.enum(problemCodes as [ProblemCode, ...ProblemCode[]]),
    request_id: z.string().describe('Finds the request in the log; also in X-Request-Id.'),
    errors: z.array(problemField).optional().describe('Every wrong value of the request.'),
  })
  .describe('RFC 9457 problem details.')
  .meta({ id: 'Problem' })
