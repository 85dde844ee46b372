import * as z from 'zod'
import { readCertificate } from './certificate.ts'
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
