import { randomUUID } from 'node:crypto'
import { type Answer, json } from '../engine/answers.ts'

interface Aadsts {
  code: number
  status: number
  error: string
  text: string
}

const table = {
  wrongSecret: [
    7000215,
    401,
    'invalid_client',
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{app}'.",
  ],
  expiredSecret: [7000222, 401, 'invalid_client', "The provided client secret keys for app '{app}' are expired."],
  noCredential: [
    7000218,
    401,
    'invalid_client',
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  ],
  unknownCertificate: [
    700027,
    401,
    'invalid_client',
    'The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found.]',
  ],
  assertionTime: [700024, 401, 'invalid_client', 'Client assertion is not within its valid time range.'],
  assertionAudience: [700023, 401, 'invalid_client', 'Client assertion audience claim does not match Realm issuer.'],
  unknownApp: [
    700016,
    400,
    'unauthorized_client',
    "Application with identifier '{app}' was not found in the directory '{tenant}'.",
  ],
  disabledApp: [7000112, 400, 'unauthorized_client', "Application '{app}' is disabled."],
  unknownTenant: [
    90002,
    400,
    'invalid_request',
    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
  ],
  malformedTenant: [
    900023,
    400,
    'invalid_request',
    "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.",
  ],
  badScope: [
    70011,
    400,
    'invalid_scope',
    "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid.",
  ],
  notDefaultScope: [
    1002012,
    400,
    'invalid_scope',
    'The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).',
  ],
  unknownResource: [
    500011,
    400,
    'invalid_resource',
    'The resource principal named {scope} was not found in the tenant named {tenant}.',
  ],
  blockedByPolicy: [
    53003,
    400,
    'invalid_grant',
    'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  ],
  userMfa: [
    50076,
    400,
    'invalid_grant',
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '{scope}'.",
  ],
  userPassword: [50126, 400, 'invalid_grant', 'Error validating credentials due to invalid username or password.'],
  userUnknown: [50034, 400, 'invalid_grant', 'The user account does not exist in the directory.'],
  userDisabled: [50057, 400, 'invalid_grant', 'The user account is disabled.'],
  userLocked: [50053, 400, 'invalid_grant', 'The account is locked or sign-in came from a blocked IP address.'],
  userPasswordExpired: [50055, 400, 'invalid_grant', 'The password is expired.'],
  transient: [90033, 503, 'temporarily_unavailable', 'A transient error has occurred. Please try again.'],
  throttled: [90055, 429, 'temporarily_unavailable', 'synthetic: too many requests'],
  // The service's name for a grant it does not offer. Code and text were not looked up.
  unsupportedGrant: [70003, 400, 'unsupported_grant_type', 'The app requested an unsupported grant type.'],
  unknownInstance: [50049, 400, 'invalid_instance', 'Unknown or invalid instance.'],
} as const satisfies Record<string, readonly [number, number, string, string]>

export type SigninProblem = keyof typeof table

const suberrors: Partial<Record<SigninProblem, string>> = { blockedByPolicy: 'message_only', userMfa: 'basic_action' }

function aadsts(problem: SigninProblem): Aadsts {
  const [code, status, error, text] = table[problem]
  return { code, status, error, text }
}

/** An error answer in the documented shape; the text ends in trace, correlation and time as the real one does. */
export function signinError(
  problem: SigninProblem,
  words: Record<string, string> = {},
  headers: Record<string, string> = {},
): Answer {
  const { code, status, error, text } = aadsts(problem)
  const trace = randomUUID()
  const correlation = words.correlation ?? randomUUID()
  const timestamp = new Date()
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
  const said = text.replace(/\{(\w+)\}/g, (_, name: string) => words[name] ?? '')
  const body = {
    error,
    error_description: `AADSTS${code}: ${said} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [code],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${code}`,
    ...(suberrors[problem] === undefined ? {} : { suberror: suberrors[problem] }),
  }
  return json(status, body, headers)
}
