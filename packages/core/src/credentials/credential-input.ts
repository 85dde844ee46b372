import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import * as z from 'zod'
import { type FieldError, InvalidInputError } from '../errors/errors.ts'
import type { SecretField } from './credential.ts'

/** A GUID in practice. Entra ID is the judge of that: a wrong one is told at the first sign-in, by the code that says so. */
const clientId = z
  .string('must be text')
  .regex(/^[\w.:-]{1,200}$/, 'must be the application (client) id, e.g. a GUID')
  .transform((id) => id.toLowerCase())
const secret = z.string().min(1, 'must not be empty').max(4096)

/** How to sign in to an M365 tenant, as it is handed in. Certificates: PEM with private key, or base64 of a PFX. */
export const credentialInputSchema = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('client_secret'), clientId, clientSecret: secret }),
    z.strictObject({
      kind: z.literal('certificate'),
      clientId,
      certificate: z.string().min(1, 'must not be empty').max(96_000),
      certificatePassword: z.string().max(1024).optional(),
    }),
    z.strictObject({ kind: z.literal('username_password'), clientId, username: secret, password: secret }),
    z.strictObject({ kind: z.literal('federated'), clientId }),
    z.strictObject({ kind: z.literal('shared_app') }),
  ],
  { error: 'must name one of the kinds client_secret, certificate, username_password, federated, shared_app' },
)
export type CredentialInput = z.input<typeof credentialInputSchema>
type ParsedCredential = z.output<typeof credentialInputSchema>

/** A credential taken apart: what is secret, and what may be stored and shown in the clear. */
export interface CredentialParts {
  clientId: string | null
  secrets: Partial<Record<SecretField, string>>
  /** SHA-256, upper-case hex without colons. */
  thumbprint: string | null
  expiresAt: Date | null
}

/** Throws InvalidInputError when the certificate cannot be used: found out now, not at the first scan. */
export function credentialParts(input: ParsedCredential, at: Date): CredentialParts {
  const none = { thumbprint: null, expiresAt: null }
  switch (input.kind) {
    case 'client_secret':
      return { clientId: input.clientId, secrets: { client_secret: input.clientSecret }, ...none }
    case 'certificate': {
      const certificate = readCertificate(input.certificate, input.certificatePassword, at)
      const secrets: CredentialParts['secrets'] = { certificate: input.certificate }
      if (input.certificatePassword !== undefined) secrets.certificate_password = input.certificatePassword
      return { clientId: input.clientId, secrets, ...certificate }
    }
    case 'username_password':
      return { clientId: input.clientId, secrets: { username: input.username, password: input.password }, ...none }
    case 'federated':
      return { clientId: input.clientId, secrets: {}, ...none }
    case 'shared_app':
      return { clientId: null, secrets: {}, ...none }
  }
}

function readCertificate(
  text: string,
  password: string | undefined,
  at: Date,
): Pick<CredentialParts, 'thumbprint' | 'expiresAt'> {
  const certificate = text.includes('-----BEGIN') ? fromPem(text, password) : fromPfx(text, password)
  if (certificate.validToDate.getTime() <= at.getTime()) {
    throw refused('/credential/certificate', `ended on ${certificate.validToDate.toISOString()}; store a valid one`)
  }
  if (certificate.validFromDate.getTime() > at.getTime()) {
    throw refused('/credential/certificate', `is valid only from ${certificate.validFromDate.toISOString()}`)
  }
  return { thumbprint: certificate.fingerprint256.replaceAll(':', ''), expiresAt: certificate.validToDate }
}

function fromPem(text: string, password: string | undefined): X509Certificate {
  if (!/-----BEGIN (?:ENCRYPTED |RSA |EC )?PRIVATE KEY-----/.test(text)) {
    throw refused('/credential/certificate', 'has no private key; a PEM must hold the certificate and its key')
  }
  try {
    const certificate = new X509Certificate(text)
    // Loads both and checks that the key belongs to the certificate.
    createSecureContext({ cert: text, key: text, ...(password === undefined ? {} : { passphrase: password }) })
    return certificate
  } catch {
    throw refused(
      '/credential/certificate',
      'is not a usable PEM: certificate and key must belong together, and the password must open the key',
    )
  }
}

function fromPfx(text: string, password: string | undefined): X509Certificate {
  const bytes = Buffer.from(text, 'base64')
  try {
    const context = createSecureContext({ pfx: bytes, ...(password === undefined ? {} : { passphrase: password }) })
    // Node has no public way to look into a PFX; the context that TLS would use has the certificate's bytes.
    const der = (context.context as { getCertificate?: () => Buffer | null }).getCertificate?.()
    if (!der) throw new Error('no certificate')
    return new X509Certificate(der)
  } catch {
    throw refused('/credential/certificate', 'is neither a PEM nor the base64 of a PFX that the password opens')
  }
}

function refused(pointer: string, detail: string): InvalidInputError {
  const error: FieldError = { pointer, detail: `${detail}.` }
  return new InvalidInputError([error])
}
