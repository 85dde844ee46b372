import { type Answer, type Call, header, json, text } from '../engine/answers.ts'
import type { Shapes } from '../engine/interference.ts'
import { type Reply, tenantByName, type World } from '../engine/world.ts'
import type { TenantDocument } from '../tenants/types.ts'
import { assertionProblem } from './assertions.ts'
import { signinError } from './errors.ts'
import { resourceOf } from './resources.ts'

export const signinHosts = ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net']
const authority = 'https://login.microsoftonline.com'
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const shapes: Shapes = {
  denied: () => signinError('blockedByPolicy'),
  unlicensed: () => signinError('unknownResource', { scope: 'the resource', tenant: 'the tenant' }),
  status: (status) => ({ ...signinError(status === 429 ? 'throttled' : 'transient'), status }),
  throttled: (seconds) => signinError('throttled', {}, seconds === undefined ? {} : { 'retry-after': String(seconds) }),
}

function looksLikeTenant(name: string): boolean {
  return /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(name) || /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(name)
}

function openidConfiguration(tenant: TenantDocument) {
  const base = `${authority}/${tenant.tenantId}`
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${base}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    tenant_region_scope: 'EU',
    cloud_instance_name: 'microsoftonline.com',
    cloud_graph_host_name: 'graph.windows.net',
    msgraph_host: 'graph.microsoft.com',
    rbac_url: 'https://pas.windows.net',
  }
}

function instanceDiscovery(call: Call): Answer {
  const asked = call.search.get('authorization_endpoint') ?? ''
  const known = signinHosts.some((host) => asked.toLowerCase().startsWith(`https://${host}/`))
  if (!known) return signinError('unknownInstance')
  return json(200, {
    tenant_discovery_endpoint: `${authority}/common/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [
      { preferred_network: 'login.microsoftonline.com', preferred_cache: 'login.windows.net', aliases: signinHosts },
    ],
  })
}

/** Which credential the form carries, or why it is not accepted. */
async function checkCredential(
  form: URLSearchParams,
  tenant: TenantDocument,
): Promise<'secret' | 'certificate' | Answer> {
  const { app } = tenant
  const words = { app: app.clientId, tenant: tenant.tenantId }
  const secret = form.get('client_secret')
  const assertion = form.get('client_assertion')
  if (assertion !== null && form.get('client_assertion_type') === assertionType) {
    const problem = await assertionProblem(assertion, app, tenant, signinHosts)
    return problem === undefined ? 'certificate' : signinError(problem, words)
  }
  if (secret === null || secret === '') return signinError('noCredential', words)
  if (app.expiredSecrets.includes(secret)) return signinError('expiredSecret', words)
  return secret === app.clientSecret ? 'secret' : signinError('wrongSecret', words)
}

async function clientCredentials(form: URLSearchParams, tenant: TenantDocument, world: World): Promise<Answer> {
  const { app } = tenant
  const clientId = form.get('client_id') ?? ''
  const words = { app: clientId, tenant: tenant.tenantId }
  if (clientId.toLowerCase() !== app.clientId.toLowerCase()) return signinError('unknownApp', words)
  if (!app.enabled) return signinError('disabledApp', words)
  const credential = await checkCredential(form, tenant)
  if (typeof credential !== 'string') return credential

  const scopes = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '')
  const [scope] = scopes
  if (scope === undefined || scopes.length > 1) return signinError('badScope', words)
  if (!scope.endsWith('/.default')) return signinError('notDefaultScope', { ...words, scope })
  const identifier = scope.slice(0, -'/.default'.length)
  const resource = resourceOf(tenant, identifier)
  if (resource === undefined) return signinError('unknownResource', { ...words, scope: identifier })

  const lifetimeSeconds = world.tokenLifetimeSeconds
  const grant = { resource: resource.name, audience: resource.audience, credential, lifetimeSeconds }
  const token = await world.signer.issue(tenant, app, grant)
  return json(200, {
    token_type: 'Bearer',
    expires_in: lifetimeSeconds,
    ext_expires_in: lifetimeSeconds,
    access_token: token,
  })
}

const userProblems = {
  mfaRequired: 'userMfa',
  disabled: 'userDisabled',
  locked: 'userLocked',
  passwordExpired: 'userPasswordExpired',
} as const

/** The password grant: legacy, and stopped by anything interactive. */
async function passwordGrant(form: URLSearchParams, tenant: TenantDocument, world: World): Promise<Answer> {
  const { app } = tenant
  const words = { app: form.get('client_id') ?? '', tenant: tenant.tenantId }
  if (words.app.toLowerCase() !== app.clientId.toLowerCase()) return signinError('unknownApp', words)
  const credential = app.publicClient ? 'none' : await checkCredential(form, tenant)
  if (typeof credential !== 'string') return credential
  const wanted = (form.get('username') ?? '').toLowerCase()
  const user = tenant.passwordUsers.find((candidate) => candidate.userPrincipalName.toLowerCase() === wanted)
  if (user === undefined) return signinError('userUnknown', words)
  if (user.password !== form.get('password')) return signinError('userPassword', words)
  // OpenID's own scopes come along; one scope names the resource.
  const scope = (form.get('scope') ?? '').split(' ').find((name) => name.includes('/')) ?? ''
  const resource = resourceOf(tenant, scope.replace(/\/[^/]*$/, ''))
  if (resource === undefined) return signinError(scope === '' ? 'badScope' : 'unknownResource', { ...words, scope })
  if (user.state !== 'ok') return signinError(userProblems[user.state], { ...words, scope })
  const id = tenant.graph.users.find((known) => known.userPrincipalName.toLowerCase() === wanted)?.id ?? wanted
  const lifetimeSeconds = world.tokenLifetimeSeconds
  const grant = {
    resource: resource.name,
    audience: resource.audience,
    confidential: !app.publicClient,
    lifetimeSeconds,
  }
  const token = await world.signer.issueForUser(tenant, app, { ...user, id }, grant)
  return json(200, {
    token_type: 'Bearer',
    scope,
    expires_in: lifetimeSeconds,
    ext_expires_in: lifetimeSeconds,
    access_token: token,
  })
}

async function tokenEndpoint(call: Call, tenant: TenantDocument, world: World): Promise<Answer> {
  const form = new URLSearchParams(call.body.toString('utf8'))
  const correlation = header(call, 'client-request-id')
  if (form.get('grant_type') === 'password') return passwordGrant(form, tenant, world)
  if (form.get('grant_type') !== 'client_credentials')
    return signinError('unsupportedGrant', correlation ? { correlation } : {})
  return clientCredentials(form, tenant, world)
}

async function answerFor(call: Call, world: World, rest: string, tenant: TenantDocument): Promise<Answer | undefined> {
  if (call.method === 'GET' && rest === 'v2.0/.well-known/openid-configuration')
    return json(200, openidConfiguration(tenant))
  if (call.method === 'GET' && rest === 'discovery/v2.0/keys') return json(200, { keys: [world.signer.publicJwk] })
  if (rest === 'oauth2/v2.0/token')
    return call.method === 'POST' ? tokenEndpoint(call, tenant, world) : text(405, 'Method Not Allowed')
  return undefined
}

/** login.microsoftonline.com and its aliases. */
export async function signin(call: Call, world: World): Promise<Reply> {
  const latencyMs = world.profile.token
  if (call.path === '/common/discovery/instance') return { answer: instanceDiscovery(call), latencyMs, notes: {} }
  const [, name = '', rest = ''] = /^\/([^/]+)\/(.*)$/.exec(call.path) ?? []
  const tenant = tenantByName(world, decodeURIComponent(name))
  const source =
    rest === 'oauth2/v2.0/token'
      ? 'signin/token'
      : rest.endsWith('openid-configuration')
        ? 'signin/openidConfiguration'
        : undefined
  const notes = {
    ...(tenant === undefined ? {} : { tenantId: tenant.tenantId }),
    ...(source === undefined ? {} : { source }),
  }
  const target = { service: 'signin' as const, host: call.host, path: call.path, tenantId: tenant?.tenantId, source }
  const answer = await world.interference.answer(target, shapes, async () => {
    if (name === '') return text(404, 'Not Found')
    if (tenant === undefined)
      return signinError(looksLikeTenant(name) ? 'unknownTenant' : 'malformedTenant', { tenant: name })
    return (await answerFor(call, world, rest, tenant)) ?? text(404, 'Not Found')
  })
  return { answer, latencyMs, notes }
}
