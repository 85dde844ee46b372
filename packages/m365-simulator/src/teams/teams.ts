import { gzipSync } from 'node:zlib'
import { type Answer, type Call, empty, header, json, type Notes } from '../engine/answers.ts'
import type { Shapes } from '../engine/interference.ts'
import { hasPlan, type Reply, tenantById, type World } from '../engine/world.ts'
import { audiences } from '../signin/resources.ts'
import { roleTemplateId } from '../tenants/roles.ts'
import type { JsonObject, TenantDocument } from '../tenants/types.ts'

export const teamsHost = 'api.interfaces.records.teams.microsoft.com'
/** Org-wide app settings live elsewhere, and are never given to an application. */
export const substrateHost = 'substrate.office.com'

/** Configuration type to the cmdlet that reads it. */
const cmdlets: Record<string, string> = {
  TeamsClientConfiguration: 'Get-CsTeamsClientConfiguration',
  ExternalAccessPolicy: 'Get-CsExternalAccessPolicy',
  TenantFederationSettings: 'Get-CsTenantFederationConfiguration',
  TeamsAppPermissionPolicy: 'Get-CsTeamsAppPermissionPolicy',
  TeamsMeetingPolicy: 'Get-CsTeamsMeetingPolicy',
  TeamsMessagingPolicy: 'Get-CsTeamsMessagingPolicy',
}

/** Teams Reader's template id is left out: no source names it. */
const readerRoles = ['Global Reader', 'Teams Administrator', 'Global Administrator'].map(roleTemplateId)
/** Whoever holds this application permission is refused everything else. */
const trap = 'application_access_custom_sba_appliance'

function problem(
  status: number,
  code: string,
  message: string,
  action: string,
  headers: Record<string, string> = {},
): Answer {
  return json(status, { code, message, action }, headers)
}

const denied = () => problem(403, 'Forbidden', 'Access Denied.', 'Provide different credential or request access.')
// Bodies of 401, 404 and 429 were never captured: the shape of the 403 is assumed.
const unauthorized = () => problem(401, 'Unauthorized', 'Authentication failed.', 'Provide a valid token.')
const notFound = () => problem(404, 'NotFound', 'Cannot find the requested configuration.', 'Verify the name.')

const shapes: Shapes = {
  denied,
  unlicensed: () => empty(403),
  status: (status) =>
    status === 401 ? unauthorized() : problem(status, 'InternalServerError', 'The request failed.', 'Retry.'),
  throttled: (seconds) =>
    problem(
      429,
      'TooManyRequests',
      'Too many requests.',
      'Retry later.',
      seconds === undefined ? {} : { 'retry-after': String(seconds) },
    ),
}

/** The members that the admin service adds to every instance and the module hides. */
function withKey(tenant: TenantDocument, type: string, instance: JsonObject): JsonObject {
  const identity = String(instance.Identity)
  const global = identity === 'Global'
  const authorityName = '{urn:schema:Microsoft.Rtc.Management.ScopeFramework.2008}'
  const key = {
    ScopeClass: global ? 'Global' : 'Tag',
    SchemaId: { XName: { name: tenant.teams.schemas[type] ?? type } },
    AuthorityId: {
      Class: global ? 'Tenant' : 'Host',
      InstanceId: global ? tenant.tenantId : '00000000-0000-0000-0000-000000000000',
      XmlRoot: { name: `${authorityName}AuthorityId` },
    },
    DefaultXml: {
      SchemaId: null,
      Data: null,
      ConfigObject: null,
      Signature: '00000000-0000-0000-0000-000000000000',
      IsModified: true,
    },
    XmlRoot: { name: `${authorityName}AnchoredXmlKey` },
  }
  const { Identity: _, ...own } = instance
  return {
    ...own,
    Key: key,
    Identity: identity,
    ConfigMetadata: { Authority: global ? 'Tenant' : 'Host' },
    ConfigId: identity.replace(/^Tag:/, ''),
  }
}

function configuration(tenant: TenantDocument, type: string, identity: string | undefined): Answer {
  const known = Object.keys(tenant.teams.configurations).find((name) => name.toLowerCase() === type.toLowerCase())
  if (known === undefined) return notFound()
  const instances = (tenant.teams.configurations[known] ?? []).map((instance) => withKey(tenant, known, instance))
  if (identity === undefined) return json(200, instances)
  const wanted = identity.toLowerCase()
  const found = instances.find((instance) =>
    [instance.Identity, instance.ConfigId].some((name) => String(name).toLowerCase() === wanted),
  )
  return found === undefined ? notFound() : json(200, found)
}

function compress(call: Call, answer: Answer): Answer {
  const accepts = /\bgzip\b/i.test(header(call, 'accept-encoding') ?? '')
  if (!accepts || answer.status !== 200 || answer.body.length === 0) return answer
  return { ...answer, headers: { ...answer.headers, 'content-encoding': 'gzip' }, body: gzipSync(answer.body) }
}

/** The policy service behind the Teams admin centre, and the host that refuses applications. */
export async function teams(call: Call, world: World): Promise<Reply> {
  const latencyMs = world.profile.teams
  const [, type, identity] =
    /^\/Skype\.Policy\/configurations\/([^/]+)(?:\/configuration\/([^/]+))?$/i.exec(decodeURIComponent(call.path)) ?? []
  const cmdlet = Object.entries(cmdlets).find(([name]) => name.toLowerCase() === type?.toLowerCase())?.[1]
  const source =
    call.host === substrateHost
      ? 'teams/Get-M365UnifiedTenantSettings'
      : cmdlet === undefined
        ? undefined
        : `teams/${cmdlet}`
  const notes: Notes = source === undefined ? {} : { source }
  const token = await world.signer.read(header(call, 'authorization'), [audiences.teams])
  const tenant = token.ok ? tenantById(world, token.claims.tid) : undefined
  if (tenant !== undefined) notes.tenantId = tenant.tenantId
  const target = { service: 'teams' as const, host: call.host, path: call.path, tenantId: tenant?.tenantId, source }
  const answer = await world.interference.answer(target, shapes, () => {
    // Status and body are a guess; that an application is refused is not.
    if (call.host === substrateHost) return empty(403)
    if (!token.ok || tenant === undefined) return unauthorized()
    const { roles, wids } = token.claims
    if (roles.includes(trap) || !wids.some((role) => readerRoles.includes(role))) return denied()
    if (!hasPlan(tenant, 'TEAMS1')) return empty(403)
    if (type === undefined) return notFound()
    if (call.method !== 'GET') return problem(405, 'MethodNotAllowed', 'The method is not allowed.', 'Use GET.')
    return compress(call, configuration(tenant, type, identity))
  })
  return { answer, latencyMs, notes }
}
