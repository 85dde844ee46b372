import type { RunnerJob } from '@tenantscope/core'

/** Where tenants of each cloud sign in. GCC (moderate) uses the commercial one. */
const hosts: Readonly<Record<RunnerJob['cloud'], string>> = {
  commercial: 'login.microsoftonline.com',
  gcc: 'login.microsoftonline.com',
  gccHigh: 'login.microsoftonline.us',
  dod: 'login.microsoftonline.us',
  china: 'login.partner.microsoftonline.cn',
}

export interface Authority {
  authority: string
  knownAuthorities: string[]
  /** The endpoints, said in advance: nothing is asked of the network before the token request itself. */
  authorityMetadata: string
}

export function authorityOf(cloud: RunnerJob['cloud'], tenantId: string): Authority {
  const host = hosts[cloud]
  const base = `https://${host}/${tenantId}`
  const metadata = {
    issuer: `${base}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
  }
  return { authority: base, knownAuthorities: [host], authorityMetadata: JSON.stringify(metadata) }
}
