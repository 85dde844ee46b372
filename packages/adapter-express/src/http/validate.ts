import type * as z from 'zod'
import type { InputPart, ProblemField } from '../problems/problem.ts'
import { pointerTo } from './query.ts'

/** Runs a schema and collects what is wrong instead of throwing: parts of a request are reported together. */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  part: InputPart,
  errors: ProblemField[],
): z.output<S> | undefined {
  const outcome = schema.safeParse(value, { reportInput: true })
  if (outcome.success) return outcome.data
  for (const issue of outcome.error.issues) errors.push(...fields(issue, part))
  return undefined
}

function fields(issue: z.core.$ZodIssue, part: InputPart): ProblemField[] {
  if (issue.code === 'unrecognized_keys') {
    const noun = part === 'query' ? 'parameter' : 'field'
    return issue.keys.map((key) => ({
      in: part,
      pointer: pointerTo(...issue.path, key),
      detail: `is not a known ${noun}.`,
    }))
  }
  const missing = issue.code === 'invalid_type' && issue.input === undefined
  const detail = missing ? 'is required.' : issue.message
  return [{ in: part, pointer: pointerTo(...issue.path), detail }]
}
