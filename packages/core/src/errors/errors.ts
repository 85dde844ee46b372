/**
 * Errors of tenantscope. The `code` is the contract: it is stable and may be branched on; the message is for people and free to change.
 * Guard with {@link isTenantscopeError}, not with `instanceof`: two copies of this package may live in one process.
 */
const brand = Symbol.for('tenantscope.error')

export interface FieldError {
  /** JSON Pointer (RFC 6901) into the input, e.g. `/controlIds/0`; `''` is the input itself. */
  pointer: string
  /** What is wrong and what would be right, in one sentence. */
  detail: string
}

export type ErrorCode =
  | 'invalid_input'
  | 'not_found'
  | 'conflict'
  | 'credential_missing'
  | 'credential_rejected'
  | 'sign_in_failed'
  | 'secret_unreadable'
  | 'secret_key_refused'
  | 'secret_key_missing'
  | 'key_service_failed'
  | 'runner_missing'
  | 'runner_too_old'
  | 'runner_failed'
  | 'runner_died'
  | 'runner_hung'
  | 'runner_output'
  | 'runner_pack_changed'
  | 'storage_failed'
  | 'storage_refused'
  | 'limit_reached'
  | 'webhooks_off'
  | 'closed'

export interface TenantscopeErrorOptions {
  /** May the same call succeed later without a change by the caller? Default false. */
  retryable?: boolean
  errors?: readonly FieldError[]
  cause?: unknown
}

/** Every error that this library throws on purpose. */
export class TenantscopeError extends Error {
  override readonly name: string = 'TenantscopeError'
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly errors: readonly FieldError[]

  constructor(code: ErrorCode, message: string, options: TenantscopeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.errors = options.errors ?? []
    Object.defineProperty(this, brand, { value: true })
  }
}

/** True for errors of this library, also from another copy of it. */
export function isTenantscopeError(error: unknown): error is TenantscopeError {
  return typeof error === 'object' && error !== null && brand in error
}

/** The input of a call is wrong; `errors` names each field. */
export class InvalidInputError extends TenantscopeError {
  override readonly name = 'InvalidInputError'
  constructor(errors: readonly FieldError[], options: TenantscopeErrorOptions = {}) {
    const first = errors[0]
    const where = first?.pointer ? `${first.pointer}: ` : ''
    super('invalid_input', first ? `${where}${first.detail}` : 'The input is not valid.', { ...options, errors })
  }
}

/** There is no such thing under this platform tenant. The same answer whether it is missing or another platform tenant's. */
export class NotFoundError extends TenantscopeError {
  override readonly name = 'NotFoundError'
  constructor(what: string) {
    super('not_found', `There is no such ${what}.`)
  }
}

/** The call is understood, but the present state forbids it. */
export class ConflictError extends TenantscopeError {
  override readonly name = 'ConflictError'
  constructor(message: string, options: TenantscopeErrorOptions = {}) {
    super('conflict', message, options)
  }
}

/** Microsoft Entra ID refused the sign-in. */
export class SignInError extends TenantscopeError {
  override readonly name = 'SignInError'
  /** e.g. `AADSTS7000215`; null when the service gave none (network trouble). */
  readonly aadstsCode: string | null
  /** `credential`: no service can be read with it. `service`: this one resource only. `transient`: a later try may succeed. */
  readonly reach: 'credential' | 'service' | 'transient'
  constructor(params: {
    message: string
    aadstsCode: string | null
    reach: 'credential' | 'service' | 'transient'
    cause?: unknown
  }) {
    super('sign_in_failed', params.message, { retryable: params.reach === 'transient', cause: params.cause })
    this.aadstsCode = params.aadstsCode
    this.reach = params.reach
  }
}

export type RunnerErrorCode = Extract<ErrorCode, `runner_${string}`>

/** The engine process could not be started, died, hung, or said something that is not the protocol. */
export class RunnerError extends TenantscopeError {
  override readonly name = 'RunnerError'
  constructor(code: RunnerErrorCode, message: string, options: TenantscopeErrorOptions = {}) {
    super(code, message, options)
  }
}
