import { SignInError } from '@tenantscope/core'

type Reach = SignInError['reach']

/** What Entra ID's refusals mean and what to do about them, by AADSTS number. Its own texts are not stable and may name things; they are never shown. */
const refusals: Readonly<Record<number, readonly [Reach, string]>> = {
  7000215: ['credential', 'The client secret is wrong. Store the value of the secret, not its id, or make a new one.'],
  7000222: ['credential', 'The client secret has expired. Make a new one in the app registration and store it.'],
  7000218: ['credential', 'Entra ID got no secret and no certificate. Store the credential again.'],
  7000216: ['credential', 'Entra ID got no secret and no certificate. Store the credential again.'],
  700027: [
    'credential',
    'The certificate is not registered on the application, or its key is another one. Upload the certificate to the app registration.',
  ],
  700024: ['credential', 'The clock of this machine and that of Entra ID differ by minutes. Correct the clock.'],
  700023: ['credential', 'The sign-in was meant for another tenant or cloud. Check the tenant id and the cloud.'],
  700016: [
    'credential',
    'The application is not known in this tenant. Check the client id and the tenant id, and grant admin consent in the tenant.',
  ],
  7000229: [
    'credential',
    'The application has no service principal in this tenant. Grant admin consent in the tenant.',
  ],
  7000112: ['credential', 'The application is disabled in this tenant. An administrator of the tenant must enable it.'],
  90002: ['credential', 'There is no such tenant in this cloud. Check the tenant id and the cloud.'],
  900023: ['credential', 'The tenant id is malformed. Give the GUID of the tenant.'],
  900382: ['credential', 'The application belongs to another cloud. Check the cloud of the tenant.'],
  5000224: ['credential', 'The tenant is blocked or being deleted. Ask its administrator.'],
  50034: ['credential', 'There is no such user in the tenant.'],
  50053: ['credential', 'The account is locked, or the sign-in came from a blocked address.'],
  50055: ['credential', 'The password has expired.'],
  50057: ['credential', 'The user account is disabled.'],
  50076: [
    'credential',
    'The account needs multi-factor authentication, which an unattended scan cannot do. Use a certificate.',
  ],
  50079: [
    'credential',
    'The account must enrol for multi-factor authentication, which an unattended scan cannot do. Use a certificate.',
  ],
  50158: [
    'credential',
    'A Conditional Access policy asks for a further step of the account, which an unattended scan cannot do. Use a certificate.',
  ],
  700213: [
    'credential',
    'No federated credential of the application matches the subject of the assertion. Compare both in the app registration.',
  ],
  700211: [
    'credential',
    'No federated credential of the application matches the issuer of the assertion. Compare both in the app registration.',
  ],
  700212: [
    'credential',
    'No federated credential of the application matches the audience of the assertion. It is api://AzureADTokenExchange in most clouds.',
  ],
  50126: ['credential', 'The user name or the password is wrong.'],
  50173: ['credential', 'The grant was revoked. Consent again.'],
  700082: ['credential', 'The grant is too old. Consent again.'],
  53003: [
    'service',
    'A Conditional Access policy blocks the sign-in. Exclude the application from it, or allow the address of this host.',
  ],
  65001: ['service', 'No administrator has consented to the application. Grant admin consent in the tenant.'],
  500011: ['service', 'The tenant does not have this service: its service principal is missing.'],
  500014: ['service', 'The service is disabled in this tenant.'],
  650052: ['service', 'The tenant does not have this service, or has no subscription for it.'],
  70011: ['service', 'Entra ID does not know the scope that was asked for.'],
  1002012: ['service', 'Entra ID does not know the scope that was asked for.'],
  50196: ['transient', 'The application asks Entra ID too often. Try again later.'],
  90033: ['transient', 'Entra ID has a temporary fault. Try again later.'],
  90055: ['transient', 'Entra ID gets too many requests. Try again later.'],
}

/** A refusal code that is not in the list, by OAuth error name. */
const reachByName: Readonly<Record<string, Reach>> = {
  invalid_client: 'credential',
  unauthorized_client: 'credential',
  temporarily_unavailable: 'transient',
  server_error: 'transient',
}

/** An answer of the token endpoint, as far as a decision needs it. */
export interface TokenAnswer {
  status: number
  body: unknown
  retryAfterMs: number | null
}

/** Turns a refusal into an error: by AADSTS number, then by OAuth error name, then by status. Holds nothing of the answer but short codes and ids. */
export function refusalError(answer: TokenAnswer): SignInError {
  const body = asObject(answer.body)
  const number = Array.isArray(body.error_codes)
    ? body.error_codes.find((code) => Number.isSafeInteger(code))
    : undefined
  const known = typeof number === 'number' ? refusals[number] : undefined
  const aadstsCode = typeof number === 'number' ? `AADSTS${number}` : null
  // Below 400 it is no refusal but a broken answer, of a proxy perhaps.
  const broken = answer.status < 400 && body.error === undefined
  const overloaded = broken || answer.status === 429 || answer.status >= 500
  const reach = known?.[0] ?? (overloaded ? 'transient' : (reachByName[String(body.error)] ?? 'service'))
  const words = known?.[1] ?? unknownWords(answer.status, overloaded)
  return new SignInError({ message: `${words}${origin(aadstsCode, body)}`, aadstsCode, reach })
}

export function networkError(code: string | null): SignInError {
  const certificate = code !== null && /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code)
  const words = certificate
    ? 'The certificate of the sign-in service, or of the proxy before it, is not trusted. Give the CA as caPem.'
    : 'Entra ID could not be reached. Check the network and the proxy of this host.'
  return new SignInError({ message: `${words} (${code ?? 'no code'})`, aadstsCode: null, reach: 'transient' })
}

export function timeoutError(): SignInError {
  return new SignInError({
    message: 'Entra ID did not answer in time. Try again later.',
    aadstsCode: null,
    reach: 'transient',
  })
}

function unknownWords(status: number, overloaded: boolean): string {
  if (status < 400) return 'Entra ID, or a proxy before it, answered something that is not a token.'
  return overloaded
    ? `Entra ID has a temporary fault (status ${status}). Try again later.`
    : `Entra ID refused the sign-in (status ${status}).`
}

/** Short code and correlation id: what Microsoft's support and the tenant's sign-in log are searched with. */
function origin(aadstsCode: string | null, body: Record<string, unknown>): string {
  const id =
    typeof body.correlation_id === 'string' && /^[0-9a-f-]{36}$/i.test(body.correlation_id) ? body.correlation_id : null
  const parts = [aadstsCode, id === null ? null : `correlation id ${id}`].filter((part) => part !== null)
  return parts.length > 0 ? ` (${parts.join(', ')})` : ''
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
