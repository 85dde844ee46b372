import { type Answer, type Call, header, html, json, type Notes, text } from '../engine/answers.ts'
import type { Shapes } from '../engine/interference.ts'
import { type Reply, tenantById, type World } from '../engine/world.ts'
import { sharepointAudience } from '../signin/resources.ts'
import type { TokenProblem } from '../signin/tokens.ts'
import { roleTemplateId } from '../tenants/roles.ts'
import type { Json, JsonObject, TenantDocument } from '../tenants/types.ts'
import { accessDenied, csomText, isLaterPage, processQuery, requestedSources } from './csom.ts'

export function adminHost(tenant: TenantDocument): string {
  return `${tenant.sharepoint.prefix}-admin.sharepoint.com`.toLowerCase()
}

export function rootHost(tenant: TenantDocument): string {
  return `${tenant.sharepoint.prefix}.sharepoint.com`.toLowerCase()
}

/** What a person needs here: Global Reader is not enough. */
const adminRoles = ['SharePoint Administrator', 'Global Administrator'].map(roleTemplateId)

const restPath = /^\/_api\/SPO\.Tenant$/i
const csomPath = /^\/_vti_bin\/client\.svc\/ProcessQuery$/i

function unauthorized(tenant: TenantDocument, description: string): Answer {
  return json(
    401,
    { error_description: description },
    {
      'www-authenticate': `Bearer realm="${tenant.tenantId}",client_id="00000003-0000-0ff1-ce00-000000000000",trusted_issuers="00000001-0000-0000-c000-000000000000@*"`,
      'x-ms-diagnostics':
        '3001000;reason="There has been an error authenticating the request.";category="invalid_client"',
    },
  )
}

const tokenTexts: Record<TokenProblem, string> = {
  missing: 'Invalid JWT token. The token is missing.',
  malformed: 'Invalid JWT token. The token is malformed.',
  expired: 'Invalid JWT token. The token is expired.',
  audience: "Exception of type 'Microsoft.IdentityModel.Tokens.AudienceUriValidationFailedException' was thrown.",
}

function isVerbose(call: Call): boolean {
  return /odata=verbose/i.test(header(call, 'accept') ?? '')
}

function restDenied(call: Call): Answer {
  const code = '-2147024891, System.UnauthorizedAccessException'
  return isVerbose(call)
    ? json(403, {
        error: {
          code,
          message: { lang: 'en-US', value: 'Access is denied. (Exception from HRESULT: 0x80070005 (E_ACCESSDENIED))' },
        },
      })
    : json(403, { 'odata.error': { code, message: { lang: 'en-US', value: 'Access is denied.' } } })
}

function shapesFor(call: Call): Shapes {
  return {
    denied: () => (csomPath.test(call.path) ? json(200, accessDenied()) : restDenied(call)),
    unlicensed: () => html(404),
    status: (status) => (status === 403 ? restDenied(call) : html(status)),
    throttled: (seconds) => ({
      ...html(429),
      headers: { 'content-type': 'text/html', ...(seconds === undefined ? {} : { 'retry-after': String(seconds) }) },
    }),
  }
}

function verboseCollection(name: string, values: Json[]): JsonObject {
  const type = name === 'AllowedDomainListForSyncClient' ? 'Edm.Guid' : 'Edm.String'
  return { __metadata: { type: `Collection(${type})` }, results: values }
}

function restTenant(call: Call, tenant: TenantDocument): Answer {
  const { tenant: own } = tenant.sharepoint
  if (!isVerbose(call)) return json(200, own)
  const uri = `https://${adminHost(tenant)}/_api/SPO.Tenant`
  const wrapped = Object.fromEntries(
    Object.entries(own).map(([name, value]) => [name, Array.isArray(value) ? verboseCollection(name, value) : value]),
  )
  const d = {
    __metadata: { id: uri, uri, type: 'Microsoft.Online.SharePoint.TenantAdministration.Tenant' },
    Sites: { __deferred: { uri: `${uri}/Sites` } },
    ...wrapped,
  }
  return json(200, { d }, { 'content-type': 'application/json;odata=verbose;charset=utf-8' })
}

function csom(call: Call, tenant: TenantDocument, permitted: boolean): Answer {
  const body = permitted ? processQuery(tenant, call.body.toString('utf8')).body : accessDenied()
  return text(200, csomText(body), { 'content-type': 'application/json; charset=utf-8' })
}

/** The tenant's SharePoint admin host. It takes certificate tokens only. */
export async function sharepoint(call: Call, world: World): Promise<Reply> {
  const latencyMs = world.profile.sharepoint
  const host = world.tenants.find((tenant) => adminHost(tenant) === call.host)
  const isRest = restPath.test(call.path)
  const isCsom = csomPath.test(call.path)
  const [source] = isRest ? ['sharepoint/tenant'] : isCsom ? requestedSources(call.body.toString('utf8')) : []
  const notes: Notes = source === undefined ? {} : { source }
  if (isCsom && isLaterPage(call.body.toString('utf8'))) notes.continuation = true
  // The root host is known by name only: nothing is read there.
  if (host === undefined) return { answer: html(404), latencyMs, notes }

  const token = await world.signer.read(header(call, 'authorization'), [sharepointAudience(host)])
  if (token.ok && tenantById(world, token.claims.tid) === host) notes.tenantId = host.tenantId
  const target = { service: 'sharepoint' as const, host: call.host, path: call.path, tenantId: notes.tenantId, source }
  const answer = await world.interference.answer(target, shapesFor(call), () => {
    if (!token.ok) return unauthorized(host, tokenTexts[token.problem])
    if (notes.tenantId === undefined) return unauthorized(host, tokenTexts.audience)
    // The exact text was found in no source; the status was.
    if (!token.claims.delegated && token.claims.appidacr !== '2')
      return unauthorized(host, 'Unsupported app only token.')
    const permitted =
      token.claims.roles.includes('Sites.FullControl.All') &&
      (!token.claims.delegated || token.claims.wids.some((role) => adminRoles.includes(role)))
    if (isCsom) return call.method === 'POST' ? csom(call, host, permitted) : text(405, 'Method Not Allowed')
    if (!permitted) return restDenied(call)
    if (isRest) return call.method === 'GET' ? restTenant(call, host) : text(405, 'Method Not Allowed')
    return /^\/_api\/contextinfo$/i.test(call.path) && call.method === 'POST'
      ? json(200, {
          d: {
            GetContextWebInformation: {
              FormDigestTimeoutSeconds: 1800,
              FormDigestValue: '0x00,01 Jan 2026 00:00:00 -0000',
            },
          },
        })
      : html(404)
  })
  return { answer, latencyMs, notes }
}
