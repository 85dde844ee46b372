import type { Answer } from '../engine/answers.ts'
import type { World } from '../engine/world.ts'
import type { TenantDocument } from '../tenants/types.ts'
import type { Found } from './answer.ts'
import { tooManyRequests } from './errors.ts'

/** What a directory read costs, as documented: fields chosen make it cheaper, objects expanded make it dearer. */
function resourceUnits(found: Found, search: URLSearchParams): number {
  const top = Number(search.get('$top') ?? Number.NaN)
  const changes = (search.has('$select') ? -1 : 0) + (search.has('$expand') ? 1 : 0) + (top < 20 ? -1 : 0)
  const usual = found.params.includes('transitiveMembers') ? 5 : (found.route.cost ?? 1)
  return Math.max(1, usual + changes)
}

/** The 429 of the limit that this read runs into, if it does. */
export function limited(
  found: Found | undefined,
  search: URLSearchParams,
  tenant: TenantDocument,
  world: World,
): Answer | undefined {
  const bucket = found?.route.bucket
  if (found === undefined || bucket === undefined) return undefined
  const refusal = world.limits.refuses(
    {
      limit: bucket,
      tenantId: tenant.tenantId,
      users: tenant.graph.users.length,
      units: bucket === 'directory' ? resourceUnits(found, search) : 1,
    },
    Date.now(),
  )
  if (refusal === undefined) return undefined
  const answer = tooManyRequests(refusal.retryAfterSeconds)
  const scope = `Tenant_Application/ReadWrite/${tenant.app.clientId}/${tenant.tenantId}`
  return {
    ...answer,
    limited: true,
    headers: {
      ...answer.headers,
      ...(bucket === 'conditionalAccess'
        ? {}
        : { 'x-ms-throttle-scope': scope, 'x-ms-throttle-information': 'ResourceUnitLimitExceeded' }),
    },
  }
}

/** Directory answers tell their price. */
export function priced(answer: Answer, found: Found | undefined, search: URLSearchParams): Answer {
  if (found?.route.bucket !== 'directory' || answer.status !== 200) return answer
  return { ...answer, headers: { ...answer.headers, 'x-ms-resource-unit': String(resourceUnits(found, search)) } }
}
