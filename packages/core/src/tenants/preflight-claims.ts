/** What an access token of ours says about itself. */
export interface TokenClaims {
  /** App roles; empty when the token carries none: Entra ID leaves the claim out then. */
  roles: readonly string[]
  /** Template ids of directory roles; null when the claim is absent. */
  wids: readonly string[] | null
  /** A person's token: its scopes are the app's, what may be read is the person's. */
  delegated: boolean
  appId: string | null
}

/**
 * Looks into an access token without verifying it: it came from Entra ID over TLS and is read to explain, never to let anybody in. null when it is not
 * a JSON web token: services may change their form at any time.
 */
export function tokenClaims(token: string): TokenClaims | null {
  const payload = decode(token)
  if (payload === null || typeof payload.aud !== 'string') return null
  return {
    roles: texts(payload.roles) ?? [],
    wids: texts(payload.wids),
    delegated: typeof payload.scp === 'string' || payload.idtyp === 'user',
    appId: text(payload.appid) ?? text(payload.azp),
  }
}

function decode(token: string): Record<string, unknown> | null {
  const parts = token.split('.')
  if (parts.length !== 3) return null
  try {
    const value: unknown = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

function texts(value: unknown): string[] | null {
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : null
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
