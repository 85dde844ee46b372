import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose'
import type { AppRegistration, TenantDocument } from '../tenants/types.ts'
import type { SigninProblem } from './errors.ts'

const skewSeconds = 300

function thumbprint(algorithm: 'sha1' | 'sha256', certificate: X509Certificate): string {
  return createHash(algorithm).update(certificate.raw).digest('base64url')
}

function namedCertificate(
  app: AppRegistration,
  names: { x5t: string | undefined; x5tS256: string | undefined },
): X509Certificate | undefined {
  return app.certificates
    .map((pem) => new X509Certificate(pem))
    .find((certificate) =>
      names.x5tS256 !== undefined
        ? thumbprint('sha256', certificate) === names.x5tS256
        : thumbprint('sha1', certificate) === names.x5t,
    )
}

function isThisEndpoint(audience: unknown, hosts: string[], tenant: TenantDocument): boolean {
  const names = [tenant.tenantId, tenant.initialDomain, ...tenant.customDomains]
  const endpoints = hosts.flatMap((host) =>
    names.map((name) => `https://${host}/${name}/oauth2/v2.0/token`.toLowerCase()),
  )
  return typeof audience === 'string' && endpoints.includes(audience.toLowerCase())
}

const exchangeAudience = 'api://AzureADTokenExchange'

/** An assertion of a workload identity provider: signed elsewhere, trusted by issuer and subject. */
async function isFederated(assertion: string, app: AppRegistration): Promise<boolean> {
  const { aud, iss, sub, exp = 0 } = decodeJwt(assertion)
  const trusted = app.federatedCredentials.find((credential) => credential.issuer === iss && credential.subject === sub)
  if (trusted === undefined || aud !== exchangeAudience) return false
  await compactVerify(assertion, createPublicKey(trusted.publicKey))
  return exp > Date.now() / 1000 - skewSeconds
}

/** Checks a client assertion the way the service does, signature included. undefined: it is good. */
export async function assertionProblem(
  assertion: string,
  app: AppRegistration,
  tenant: TenantDocument,
  hosts: string[],
): Promise<SigninProblem | undefined> {
  try {
    const { alg, x5t, ...rest } = decodeProtectedHeader(assertion)
    if (app.federatedCredentials.length > 0 && (await isFederated(assertion, app))) return undefined
    // Anything but the two algorithms has no key that could match it.
    if (alg !== 'RS256' && alg !== 'PS256') return 'unknownCertificate'
    const certificate = namedCertificate(app, { x5t, x5tS256: rest['x5t#S256'] as string | undefined })
    if (certificate === undefined) return 'unknownCertificate'
    await compactVerify(assertion, certificate.publicKey, { algorithms: [alg] })
    const { aud, iss, sub, exp, nbf } = decodeJwt(assertion)
    // No public source names a code for a foreign issuer; the service finds no key for it either.
    if (iss !== app.clientId || sub !== app.clientId) return 'unknownCertificate'
    if (!isThisEndpoint(aud, hosts, tenant)) return 'assertionAudience'
    const now = Date.now() / 1000
    return exp === undefined || exp < now - skewSeconds || (nbf ?? 0) > now + skewSeconds ? 'assertionTime' : undefined
  } catch {
    // Not a JWT, or its signature is wrong.
    return 'unknownCertificate'
  }
}
