import { isTenantscopeError, type TenantscopeError } from '@tenantscope/core'
import { type InputPart, Problem } from './problem.ts'

/**
 * Any thrown thing as an answer. Messages of errors that the caller caused are written for callers and are passed on; everything else may carry SQL,
 * paths or a driver's words, so it gets a fixed sentence and the host's log gets the error.
 */
export function problemFromError(error: unknown, input: { part: InputPart; toWire: (pointer: string) => string }) {
  if (error instanceof Problem) return error
  if (isTenantscopeError(error)) return fromTenantscope(error, input)
  return bareInternal()
}

function bareInternal(): Problem {
  return new Problem('internal', 'Something went wrong here. The request id finds it in the log.')
}

function fromTenantscope(
  error: TenantscopeError,
  input: { part: InputPart; toWire: (pointer: string) => string },
): Problem {
  switch (error.code) {
    case 'invalid_input':
      return new Problem(
        'invalid_input',
        error.errors.length > 1 ? `${error.errors.length} values are wrong.` : 'One value is wrong.',
        {
          fields: error.errors.map(({ pointer, detail }) => ({
            in: input.part,
            pointer: input.toWire(pointer),
            detail,
          })),
        },
      )
    case 'not_found':
      return notFound()
    case 'conflict':
    case 'credential_missing':
    case 'credential_rejected':
    case 'limit_reached':
      return new Problem(error.code, error.message)
    case 'webhooks_off':
      return new Problem('webhooks_off', 'Outgoing webhooks are not turned on here. Ask whoever runs this service.')
    case 'sign_in_failed':
      return new Problem('sign_in_failed', 'Microsoft Entra ID refused the sign-in. Test the connection to see why.')
    case 'runner_missing':
    case 'runner_too_old':
      return new Problem('unavailable', 'The engine that runs the checks is not ready. Ask whoever runs this service.')
    case 'closed':
      return new Problem('unavailable', 'The service is shutting down.', { headers: { 'Retry-After': '5' } })
    case 'storage_failed':
      return error.retryable
        ? new Problem('unavailable', 'The storage does not answer. Try again.', { headers: { 'Retry-After': '5' } })
        : bareInternal()
    case 'key_service_failed':
      return error.retryable
        ? new Problem('unavailable', 'The service that holds the keys does not answer. Try again.', {
            headers: { 'Retry-After': '5' },
          })
        : bareInternal()
    default:
      return bareInternal()
  }
}

/** One text for missing and for foreign things, whatever they are: the answers must not differ. */
export function notFound(): Problem {
  return new Problem('not_found', 'There is no such thing here.')
}
