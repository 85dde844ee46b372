import type { FieldError } from '@tenantscope/core'

/** Where a wrong value was: the JSON pointer of an error is relative to it. */
export type InputPart = 'body' | 'query' | 'path' | 'header'

export interface ProblemField extends FieldError {
  in: InputPart
}

/** RFC 9457 problem details, with the extensions this API uses. */
export interface ProblemDetails {
  type: string
  title: string
  status: number
  detail: string
  code: string
  request_id: string
  errors?: { in: InputPart; pointer: string; detail: string }[]
}

const titles = {
  invalid_input: [400, 'The request is not valid'],
  malformed_json: [400, 'The body is not JSON'],
  unauthenticated: [401, 'Not signed in'],
  signature_invalid: [401, 'The signature does not hold'],
  forbidden: [403, 'Not allowed'],
  message_rejected: [403, 'The message is not about this run'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  conflict: [409, 'Not possible in the present state'],
  credential_missing: [409, 'No credential'],
  webhooks_off: [409, 'Outgoing webhooks are off'],
  idempotency_conflict: [409, 'A request with this key is still running'],
  run_ended: [410, 'The run is over'],
  body_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The content type is not supported'],
  idempotency_mismatch: [422, 'This key was used for another request'],
  credential_rejected: [422, 'The credential was rejected'],
  too_many_messages: [429, 'Too many messages'],
  limit_reached: [429, 'As many as there may be'],
  too_many_streams: [429, 'Too many open streams'],
  internal: [500, 'Internal error'],
  sign_in_failed: [502, 'Microsoft refused the sign-in'],
  unavailable: [503, 'Not available now'],
} as const satisfies Record<string, readonly [number, string]>

export type ProblemCode = keyof typeof titles

/** An answer that is an error. Everything in it is shown to the caller: put nothing internal into `detail`. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly fields: readonly ProblemField[]
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ProblemCode,
    detail: string,
    options: { fields?: readonly ProblemField[]; headers?: Record<string, string> } = {},
  ) {
    super(detail)
    this.code = code
    this.fields = options.fields ?? []
    this.headers = options.headers ?? {}
  }

  get status(): number {
    return problemStatus(this.code)
  }
}

export const problemStatus = (code: ProblemCode): number => titles[code][0]
export const problemTitle = (code: ProblemCode): string => titles[code][1]

export function invalid(fields: readonly ProblemField[]): Problem {
  const count = fields.length
  return new Problem('invalid_input', count === 1 ? 'One value is wrong.' : `${count} values are wrong.`, { fields })
}

export function problemDetails(problem: Problem, docsUrl: string | null, requestId: string): ProblemDetails {
  const [status, title] = titles[problem.code]
  return {
    type: docsUrl === null ? `urn:tenantscope:problem:${problem.code}` : `${docsUrl}#${problem.code}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    request_id: requestId,
    ...(problem.fields.length > 0 && {
      errors: problem.fields.map(({ in: part, pointer, detail }) => ({ in: part, pointer, detail })),
    }),
  }
}

export const problemCodes = Object.keys(titles) as ProblemCode[]
