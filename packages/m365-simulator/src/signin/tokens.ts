import { randomUUID } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { AppRegistration, ResourceName, TenantDocument } from '../tenants/types.ts'

export interface AccessTokenClaims {
  aud: string
  tid: string
  appid: string
  /** "1" secret, "2" certificate or federated. */
  appidacr: string
  roles: string[]
  wids: string[]
  /** A person's token: `roles` then holds the delegated scopes. */
  delegated: boolean
}

export type TokenProblem = 'missing' | 'malformed' | 'expired' | 'audience'

export type TokenResult = { ok: true; claims: AccessTokenClaims } | { ok: false; problem: TokenProblem }

/** Signs what the sign-in service issues; the other services ask it whether a token is genuine. */
export class TokenSigner {
  readonly keyId = randomUUID()
  readonly #privateKey: CryptoKey
  readonly #publicKey: CryptoKey
  readonly publicJwk: JWK

  private constructor(privateKey: CryptoKey, publicKey: CryptoKey, publicJwk: JWK) {
    this.#privateKey = privateKey
    this.#publicKey = publicKey
    this.publicJwk = { ...publicJwk, kid: this.keyId, use: 'sig', alg: 'RS256' }
  }

  static async create(): Promise<TokenSigner> {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
    return new TokenSigner(privateKey, publicKey, await exportJWK(publicKey))
  }

  /** An application's token. */
  async issue(
    tenant: TenantDocument,
    app: AppRegistration,
    grant: { resource: ResourceName; audience: string; credential: 'secret' | 'certificate'; lifetimeSeconds: number },
  ): Promise<string> {
    const roles = app.appRoles[grant.resource]
    const claims = {
      appid: app.clientId,
      appidacr: grant.credential === 'secret' ? '1' : '2',
      app_displayname: app.displayName,
      idtyp: 'app',
      oid: app.objectId,
      // Without any consented permission the claim is left out, not empty.
      ...(roles.length > 0 ? { roles } : {}),
      tid: tenant.tenantId,
      ver: '1.0',
      wids: app.directoryRoles,
    }
    return this.#sign(tenant, app.objectId, claims, grant)
  }

  /** A person's token: delegated scopes in place of application roles. */
  async issueForUser(
    tenant: TenantDocument,
    app: AppRegistration,
    person: { id: string; userPrincipalName: string; directoryRoles: string[] },
    grant: { resource: ResourceName; audience: string; confidential: boolean; lifetimeSeconds: number },
  ): Promise<string> {
    const claims = {
      appid: app.clientId,
      appidacr: grant.confidential ? '1' : '0',
      idtyp: 'user',
      oid: person.id,
      upn: person.userPrincipalName,
      scp: app.appRoles[grant.resource].join(' '),
      tid: tenant.tenantId,
      ver: '1.0',
      wids: person.directoryRoles,
    }
    return this.#sign(tenant, person.id, claims, grant)
  }

  #sign(
    tenant: TenantDocument,
    subject: string,
    claims: JWTPayload,
    grant: { audience: string; lifetimeSeconds: number },
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: this.keyId })
      .setIssuer(`https://sts.windows.net/${tenant.tenantId}/`)
      .setSubject(subject)
      .setAudience(grant.audience)
      .setIssuedAt(now)
      .setNotBefore(Math.min(now, now + grant.lifetimeSeconds))
      .setExpirationTime(now + grant.lifetimeSeconds)
      .setJti(randomUUID())
      .sign(this.#privateKey)
  }

  /** Whether a token is one of ours, still good, and meant for one of these audiences. */
  async read(authorization: string | undefined, audiences: string[]): Promise<TokenResult> {
    const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) return { ok: false, problem: 'missing' }
    try {
      const { payload } = await jwtVerify(token, this.#publicKey, { algorithms: ['RS256'] })
      const aud = String(payload.aud)
      if (!audiences.some((audience) => audience.toLowerCase() === aud.toLowerCase()))
        return { ok: false, problem: 'audience' }
      const claims = payload as unknown as Omit<AccessTokenClaims, 'roles' | 'wids'> & {
        roles?: string[]
        wids?: string[]
        scp?: string
      }
      const delegated = claims.scp !== undefined
      const roles = claims.roles ?? claims.scp?.split(' ').filter((scope) => scope !== '') ?? []
      return { ok: true, claims: { ...claims, aud, roles, wids: claims.wids ?? [], delegated } }
    } catch (error) {
      const expired = (error as { code?: string }).code === 'ERR_JWT_EXPIRED'
      return { ok: false, problem: expired ? 'expired' : 'malformed' }
    }
  }
}
