import { type Answer, type Call, empty, header, type Notes, text } from '../engine/answers.ts'
import type { Shapes } from '../engine/interference.ts'
import { type Reply, tenantById, tenantByName, type World } from '../engine/world.ts'
import { findCmdlet } from '../exchange/cmdlets.ts'
import { forbidden, malformedBody, throttled, trouble, unauthorized } from '../exchange/errors.ts'
import { type Invocation, parseBody, parseCmdletInput, refusal, run } from '../exchange/invoke.ts'
import { audiences } from '../signin/resources.ts'
import type { AccessTokenClaims } from '../signin/tokens.ts'
import type { TenantDocument } from '../tenants/types.ts'
import { auditTrap, auditTrapRows, complianceCmdlet, complianceRoles, complianceRows, dlpRefused } from './cmdlets.ts'

export const frontDoor = 'ps.compliance.protection.outlook.com'

export function regionalHost(tenant: TenantDocument): string {
  return tenant.compliance.region === null ? frontDoor : `${tenant.compliance.region}.${frontDoor}`
}

/** Where the front door points: another name on another port, which serves no cmdlets. */
export function redirectHost(tenant: TenantDocument): string | undefined {
  return tenant.compliance.region === null ? undefined : `${tenant.compliance.region}.admin.protection.outlook.com`
}

const shapes: Shapes = { denied: forbidden, unlicensed: forbidden, status: trouble, throttled }

interface Caller {
  tenant: TenantDocument
  claims: AccessTokenClaims
}

async function authenticate(call: Call, world: World, pathTenant: string): Promise<Caller | undefined> {
  const token = await world.signer.read(header(call, 'authorization'), [audiences.compliance])
  const tenant = token.ok ? tenantById(world, token.claims.tid) : undefined
  if (!token.ok || tenant === undefined || tenantByName(world, pathTenant) !== tenant) return undefined
  return { tenant, claims: token.claims }
}

/** The redirect is how a client learns its region; the anchor routes it, so it has to carry the initial domain. */
function discover(call: Call, { tenant }: Caller): Answer {
  const host = redirectHost(tenant)
  if (host === undefined) return text(200, '')
  const anchor = header(call, 'x-anchormailbox') ?? ''
  // What the service says to an anchor it cannot route is not known; 400 is assumed.
  if (!anchor.toLowerCase().endsWith(`@${tenant.initialDomain.toLowerCase()}`))
    return text(400, 'The anchor mailbox cannot be routed.')
  const query = call.query === '' ? '' : `?${call.query}`
  return empty(302, { location: `https://${host}:446${call.path}${query}` })
}

function invoke(call: Call, caller: Caller, world: World): Answer {
  const host = regionalHost(caller.tenant)
  if (call.host !== host) return empty(302, { location: `https://${redirectHost(caller.tenant)}:446${call.path}` })
  // Only the role of this resource counts here: that of Exchange Online was never enough.
  if (!caller.claims.delegated && !caller.claims.roles.includes('Exchange.ManageAsApp')) return forbidden()
  const parsed = parseCmdletInput(parseBody(call.body))
  if (parsed === undefined) return malformedBody()
  const trapped = parsed.cmdletName.toLowerCase() === auditTrap.name.toLowerCase()
  const cmdlet = trapped ? auditTrap : complianceCmdlet(parsed.cmdletName)
  const baseUrl = `https://${host}`
  const invocation: Invocation = {
    baseUrl,
    ...caller,
    ...parsed,
    search: call.search,
    anchor: header(call, 'x-anchormailbox') ?? '',
    prefer: header(call, 'prefer') ?? '',
    url: `${baseUrl}${call.path}`,
  }
  const problem = refusal(cmdlet, invocation, complianceRoles)
  if (problem !== undefined || cmdlet === undefined || dlpRefused(caller.tenant, cmdlet)) return problem ?? forbidden()
  return run(cmdlet, trapped ? auditTrapRows(caller.tenant) : complianceRows(caller.tenant, cmdlet), invocation, world)
}

/** The compliance front door and the regional hosts behind it. */
export async function compliance(call: Call, world: World): Promise<Reply> {
  const latencyMs = world.profile.compliance
  const [, discoveryTenant] =
    /^\/adminapi\/(?:v1\.0\/([^/]+)\/EXOModuleFile|beta\/[^/]+\/EXOBanner\('AutogenSession'\))$/i.exec(call.path) ?? []
  const isDiscovery = /\/(EXOModuleFile|EXOBanner\('AutogenSession'\))$/i.test(call.path)
  const pathTenant = discoveryTenant ?? /^\/adminapi\/(?:beta|v1\.0)\/([^/]+)\//i.exec(call.path)?.[1] ?? ''
  const isInvoke = /^\/adminapi\/beta\/[^/]+\/InvokeCommand$/i.test(call.path)
  const parsed = isInvoke ? parseCmdletInput(parseBody(call.body)) : undefined
  const cmdlet =
    parsed === undefined ? undefined : (complianceCmdlet(parsed.cmdletName) ?? findCmdlet(parsed.cmdletName))
  const source = cmdlet?.source.startsWith('compliance/') ? cmdlet.source : undefined
  const notes: Notes = {
    ...(parsed === undefined ? {} : { cmdlet: parsed.cmdletName }),
    ...(source === undefined ? {} : { source }),
  }

  const caller = await authenticate(call, world, decodeURIComponent(pathTenant))
  if (caller !== undefined) notes.tenantId = caller.tenant.tenantId
  const target = {
    service: 'compliance' as const,
    host: call.host,
    path: call.path,
    tenantId: caller?.tenant.tenantId,
    source,
  }
  const answer = await world.interference.answer(target, shapes, () => {
    if (!isDiscovery && !isInvoke) return text(404, 'Not Found')
    if (caller === undefined) return unauthorized()
    if (isDiscovery) return call.method === 'GET' ? discover(call, caller) : text(405, 'Method Not Allowed')
    return call.method === 'POST' ? invoke(call, caller, world) : text(405, 'Method Not Allowed')
  })
  return { answer, latencyMs, notes }
}
