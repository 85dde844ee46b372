import * as Effect from 'effect/Effect'
import type * as z from 'zod'
import { type FieldError, InvalidInputError } from '../errors/errors.ts'

/** Parses what a caller handed in. All faults are told at once, each with a JSON Pointer. */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
): Effect.Effect<z.infer<Schema>, InvalidInputError> {
  const result = schema.safeParse(input)
  return result.success ? Effect.succeed(result.data) : Effect.fail(new InvalidInputError(toFieldErrors(result.error)))
}

function toFieldErrors(error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ pointer: pointer([...issue.path, key]), detail: 'is not a known field.' }))
    }
    return [{ pointer: pointer(issue.path), detail: sentence(issue.message) }]
  })
}

/** A JSON Pointer (RFC 6901) from the parts of a path. */
function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function sentence(message: string): string {
  return message.endsWith('.') ? message : `${message}.`
}
