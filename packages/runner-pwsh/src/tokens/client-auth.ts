import type { Configuration } from '@azure/msal-node'
import { type SignIn, SignInError } from '@tenantscope/core'
import { authorityOf } from './authorities.ts'
import { CertificateError, readSigningCertificate } from './certificate.ts'

type AcquireParams = Parameters<SignIn['acquire']>[0]

/** The host's own multi-tenant application. Customers consent to it; nothing of it is stored per tenant. Certificate: PEM with private key, or base64 of a PFX. */
export type SharedApp =
  | { clientId: string; clientSecret: string }
  | { clientId: string; certificate: string; certificatePassword?: string }

/** What the kinds of credential need that hold no secret of their own, or that must be wanted. */
export interface CredentialKindOptions {
  /**
   * For credentials of the kind `federated`: gives a client assertion, the JWT of an issuer that the application trusts (audience
   * `api://AzureADTokenExchange`). Asked once for each token; it may throw, and what it throws is not passed on. It counts into `timeoutMs`.
   */
  clientAssertion?: (params: {
    clientId: string
    m365TenantId: string
    cloud: AcquireParams['cloud']
    signal: AbortSignal
  }) => Promise<string>
  /** For credentials of the kind `shared_app`. */
  sharedApp?: SharedApp
  /**
   * Allows credentials of the kind `username_password`. The grant is a legacy: it cannot pass multi-factor authentication or Conditional Access, needs an application
   * that allows public client flows, and sends the password itself. Default false.
   */
  allowUsernamePassword?: boolean
}

export interface ClientAuth {
  auth: Configuration['auth']
  /** The password grant, by a public client. */
  user: { username: string; password: string } | null
}

/** Throws SignInError of the reach `credential` when the credential, or the option for its kind, cannot be used. */
export async function clientAuth(
  params: AcquireParams,
  options: CredentialKindOptions,
  signal: AbortSignal,
): Promise<ClientAuth> {
  const { credential, cloud, m365TenantId } = params
  const authority = authorityOf(cloud, m365TenantId)
  const { clientId, secrets } = credential
  switch (credential.kind) {
    case 'client_secret': {
      const clientSecret = secrets.client_secret
      if (!clientId || !clientSecret) throw incomplete('client secret')
      return { auth: { clientId, clientSecret, ...authority }, user: null }
    }
    case 'certificate': {
      const { certificate, certificate_password: password } = secrets
      if (!clientId || !certificate) throw incomplete('certificate')
      const clientCertificate = await readCertificate(certificate, password)
      return { auth: { clientId, clientCertificate, ...authority }, user: null }
    }
    case 'federated': {
      if (!clientId) throw incomplete('federation')
      const clientAssertion = await askAssertion(options, { clientId, m365TenantId, cloud, signal })
      return { auth: { clientId, clientAssertion, ...authority }, user: null }
    }
    case 'shared_app':
      return { auth: { ...(await sharedAuth(options.sharedApp)), ...authority }, user: null }
    case 'username_password': {
      if (options.allowUsernamePassword !== true)
        throw refused('Signing in with user name and password is off: it cannot pass MFA. Store a certificate instead.')
      const { username, password } = secrets
      if (!clientId || !username || !password) throw incomplete('user name or password')
      return { auth: { clientId, ...authority }, user: { username, password } }
    }
    default:
      throw unknownKind(credential.kind)
  }
}

type AssertionParams = Parameters<NonNullable<CredentialKindOptions['clientAssertion']>>[0]

async function askAssertion({ clientAssertion }: CredentialKindOptions, params: AssertionParams): Promise<string> {
  if (!clientAssertion)
    throw refused('Signing in with a federated identity needs the option clientAssertion of msalSignIn.')
  const { signal } = params
  signal.throwIfAborted()
  const stopped = Promise.withResolvers<never>()
  const onAbort = () => stopped.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  let assertion: string
  try {
    assertion = await Promise.race([clientAssertion(params), stopped.promise])
  } catch {
    signal.throwIfAborted()
    // The issuer is another service of the host, and may be well again in a moment. Its words are not ours to show.
    const message = 'The host gave no client assertion: its clientAssertion failed.'
    throw new SignInError({ message, aadstsCode: null, reach: 'transient' })
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
  if (typeof assertion !== 'string' || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(assertion))
    throw refused('The clientAssertion of the host gave something that is not a signed JWT.')
  return assertion
}

async function sharedAuth(app: SharedApp | undefined) {
  if (!app) throw refused('Signing in with a shared application needs the option sharedApp of msalSignIn.')
  const { clientId } = app
  if ('clientSecret' in app) return { clientId, clientSecret: app.clientSecret }
  return { clientId, clientCertificate: await readCertificate(app.certificate, app.certificatePassword) }
}

async function readCertificate(text: string, password: string | undefined) {
  try {
    return await readSigningCertificate(text, password)
  } catch (error) {
    throw refused(
      `The certificate cannot be used. ${error instanceof CertificateError ? error.message : 'It could not be read.'}`,
    )
  }
}

const incomplete = (what: string) => refused(`The credential has no client id or no ${what}. Store it again.`)

const unknownKind = (kind: never) => refused(`Credentials of the kind ${String(kind)} are not known here.`)

export function refused(message: string): SignInError {
  return new SignInError({ message, aadstsCode: null, reach: 'credential' })
}
