import { randomUUID } from 'node:crypto'
import { importPKCS8, SignJWT } from 'jose'
import type { TenantDocument } from '../index.ts'
import type { TestCertificate } from './certificate.ts'

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')

export interface AssertionOptions {
  algorithm?: 'RS256' | 'PS256'
  audience?: string
  issuer?: string
  notBefore?: number
}

/** A client assertion as MSAL makes it; every part can be spoilt. */
export async function assertion(
  tenant: TenantDocument,
  certificate: TestCertificate,
  options: AssertionOptions = {},
): Promise<string> {
  const algorithm = options.algorithm ?? 'PS256'
  const issuer = options.issuer ?? tenant.app.clientId
  const notBefore = options.notBefore ?? Math.floor(Date.now() / 1000)
  const named =
    algorithm === 'PS256' ? { 'x5t#S256': base64url(certificate.sha256) } : { x5t: base64url(certificate.sha1) }
  return new SignJWT({})
    .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...named })
    .setAudience(options.audience ?? `https://login.microsoftonline.com/${tenant.tenantId}/oauth2/v2.0/token`)
    .setIssuer(issuer)
    .setSubject(issuer)
    .setJti(randomUUID())
    .setNotBefore(notBefore)
    .setExpirationTime(notBefore + 600)
    .sign(await importPKCS8(certificate.privateKeyPem, algorithm))
}

export async function certificateToken(
  client: {
    signIn(
      tenant: TenantDocument,
      scope: string,
      form: Record<string, string>,
    ): Promise<{ body: Record<string, unknown> }>
  },
  tenant: TenantDocument,
  certificate: TestCertificate,
  scope: string,
): Promise<string> {
  const form = { client_assertion: await assertion(tenant, certificate), client_assertion_type: assertionType }
  const { body } = await client.signIn(tenant, scope, form)
  if (typeof body.access_token !== 'string') throw new Error(`No token: ${JSON.stringify(body.error_codes)}`)
  return body.access_token
}
