import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshTenant, hardenedTenant, roleTemplateId, type TenantDocument, type TenantOverrides } from '../index.ts'
import { Client, scopes, signedIn } from '../testing/client.ts'
import { routes } from './routes.ts'

const base = 'https://graph.microsoft.com'

let client: Client
let tenant: TenantDocument
let get: (
  path: string,
) => Promise<{ status: number; headers: Headers; body: Record<string, unknown> & { value: Record<string, unknown>[] } }>
let batch: (
  version: string,
  requests: unknown[],
) => Promise<{ status: number; body: { responses: Part[] } & Record<string, unknown> }>

interface Part {
  id: string
  status: number
  headers: Record<string, string>
  body: { value: Record<string, unknown>[]; error: { code: string; message: string } } & Record<string, unknown>
}

async function start(document: TenantDocument, token?: string): Promise<void> {
  await client?.close()
  tenant = document
  client = await Client.start({ tenants: [tenant] })
  const signed = await signedIn(client, tenant, token ?? scopes.graph)
  get = async (path) => {
    const response = await signed(path.startsWith('http') ? path : `${base}${path}`)
    return {
      status: response.status,
      headers: response.headers as unknown as Headers,
      body: (await response.json()) as never,
    }
  }
  batch = async (version, requests) => {
    const response = await signed(`${base}/${version}/$batch`, { method: 'POST', body: JSON.stringify({ requests }) })
    return { status: response.status, body: (await response.json()) as never }
  }
}

const without = (permission: string): TenantOverrides => ({
  app: { appRoles: { graph: freshTenant().app.appRoles.graph.filter((name) => name !== permission) } },
})

beforeEach(() => start(freshTenant()))
afterEach(() => client.close())

const errorOf = (body: Record<string, unknown>) =>
  body.error as { code: string; message: string; innerError: Record<string, string> }

describe('reads', () => {
  it('serve every route of the table in its own shape', async () => {
    await start(hardenedTenant())
    const [user] = tenant.graph.users
    const [group] = tenant.graph.groups
    const role = tenant.graph.directoryRoles[0]
    const assignment = (tenant.graph.resources['policies/roleManagementPolicyAssignments'] as { policyId: string }[])[0]
    const samples: Record<string, string> = {
      'directoryRoles/{id}/members': `/directoryRoles/${role?.id}/members`,
      'directoryRoles(roleTemplateId)/members': `/directoryRoles(roleTemplateId='${roleTemplateId('Global Administrator')}')/members`,
      'groups/{id}/members': `/groups/${group?.id}/members`,
      'users/{id}': `/users/${user?.id}`,
      'users/{id}/licenseDetails': `/users/${user?.id}/licenseDetails`,
      'users/{id}/authentication/requirements': `/users/${user?.id}/authentication/requirements`,
      'servicePrincipals?appId': "/servicePrincipals?$filter=appId eq 'c1f33bc0-bdb4-4248-ba9b-096807ddb43e'",
      'policies/authenticationMethodsPolicy/authenticationMethodConfigurations/microsoftAuthenticator':
        '/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/microsoftAuthenticator',
      'policies/roleManagementPolicyAssignments':
        "/policies/roleManagementPolicyAssignments?$filter=scopeId eq '/' and scopeType eq 'DirectoryRole'",
      'policies/roleManagementPolicies/{policyId}/rules/Approval_EndUser_Assignment': `/policies/roleManagementPolicies/${assignment?.policyId}/rules/Approval_EndUser_Assignment`,
    }
    for (const route of routes) {
      const name = typeof route.source === 'string' ? route.source : 'groups'
      const path = `/${route.versions[0]}${samples[name] ?? `/${name}`}`
      const { status, body } = await get(path)
      expect([path, status]).toEqual([path, 200])
      expect(body['@odata.context']).toContain('$metadata#')
      expect(client.simulator.requests.at(-1)?.source).toBe(
        route.versions[0] === 'beta' ? `graph/beta/${name}` : `graph/${name}`,
      )
    }
  })

  it('page with an opaque token and refuse one that was made up', async () => {
    const seen: unknown[] = []
    let path: string | undefined = '/v1.0/users?$select=id,userPrincipalName&$top=5'
    while (path !== undefined) {
      const { body } = await get(path)
      expect(body.value.length).toBeLessThanOrEqual(5)
      seen.push(...body.value.map((row) => row.id))
      path = body['@odata.nextLink'] as string | undefined
    }
    expect(seen).toEqual(tenant.graph.users.map((user) => user.id))
    const { status, body } = await get('/v1.0/users?$top=5&$skiptoken=abc')
    expect([status, errorOf(body).code]).toEqual([400, 'Directory_ExpiredPageToken'])
  })

  it('select and filter, and name a property they do not know', async () => {
    const { body } = await get(
      "/v1.0/groups?$filter=groupTypes/any(c:c eq 'Unified')&$select=id,visibility&$count=true",
    )
    expect(body['@odata.count']).toBe(3)
    expect(body.value.map((row) => Object.keys(row))).toEqual([
      ['id', 'visibility'],
      ['id', 'visibility'],
      ['id', 'visibility'],
    ])
    const unknown = await get('/v1.0/users?$select=id,nonsense')
    expect(unknown.status).toBe(400)
    expect(errorOf(unknown.body).message).toBe(
      "Could not find a property named 'nonsense' on type 'microsoft.graph.user'.",
    )
    const bad = await get("/v1.0/users?$filter=contains(id,'x')")
    expect([bad.status, errorOf(bad.body).code]).toEqual([400, 'Request_UnsupportedQuery'])
  })

  it('keep the type of a member, and hide what a missing permission hides', async () => {
    const [role] = tenant.graph.directoryRoles
    const path = `/v1.0/directoryRoles/${role?.id}/members?$select=id,displayName,userPrincipalName`
    const { body } = await get(path)
    expect(body.value[0]).toEqual({
      '@odata.type': '#microsoft.graph.user',
      id: role?.members[0],
      displayName: 'Global Admin',
      userPrincipalName: 'admin@contoso.onmicrosoft.com',
    })
    await start(freshTenant(without('User.Read.All')))
    const limited = await get(path.split('?')[0] ?? '')
    expect(limited.body.value[0]).toEqual({ '@odata.type': '#microsoft.graph.user', id: role?.members[0] })
  })

  it('expand principals and policies', async () => {
    await start(hardenedTenant())
    const instances = await get('/v1.0/roleManagement/directory/roleAssignmentScheduleInstances?$expand=principal')
    expect(instances.body.value[0]?.principal).toMatchObject({
      '@odata.type': '#microsoft.graph.user',
      displayName: 'Admin One',
    })
    const filter =
      "scopeId eq '/' and scopeType eq 'DirectoryRole' and roleDefinitionId eq '62e90394-69f5-4237-9190-012177145e10'"
    const assignments = await get(
      `/v1.0/policies/roleManagementPolicyAssignments?$filter=${filter}&$expand=policy($expand=rules)`,
    )
    expect(assignments.body.value).toHaveLength(1)
    expect(assignments.body.value[0]?.policy).toMatchObject({
      rules: [{ id: 'Approval_EndUser_Assignment', setting: { isApprovalRequired: true } }],
    })
    expect((await get('/v1.0/policies/roleManagementPolicyAssignments')).status).toBe(400)
  })

  it('answer unknown paths with 400 and unknown objects with 404', async () => {
    const segment = await get('/v1.0/nonsense')
    expect([segment.status, errorOf(segment.body).message]).toEqual([
      400,
      "Resource not found for the segment 'nonsense'.",
    ])
    const beta = await get('/v1.0/policies/b2bManagementPolicies')
    expect([beta.status, errorOf(beta.body).message]).toEqual([
      400,
      "Resource not found for the segment 'b2bManagementPolicies'.",
    ])
    const missing = await get('/v1.0/users/dddddddd-0000-4000-8000-000000000009')
    expect([missing.status, errorOf(missing.body).code]).toEqual([404, 'Request_ResourceNotFound'])
    expect(errorOf(missing.body).innerError['request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('permissions and licences', () => {
  it.each([
    ['Domain.Read.All', '/v1.0/domains', 403, 'Authorization_RequestDenied'],
    ['Policy.Read.All', '/v1.0/identity/conditionalAccess/policies', 403, 'AccessDenied'],
    ['SharePointTenantSettings.Read.All', '/v1.0/admin/sharepoint/settings', 403, 'accessDenied'],
    [
      'AuditLog.Read.All',
      '/v1.0/reports/authenticationMethods/userRegistrationDetails',
      403,
      'Authentication_MSGraphPermissionMissing',
    ],
    ['OrgSettings-Forms.Read.All', '/beta/admin/forms/settings', 403, 'Forbidden'],
    ['AccessReview.Read.All', '/v1.0/identityGovernance/accessReviews/definitions', 403, 'UnAuthorized'],
  ])('without %s %s answers in its workload’s way', async (permission, path, status, code) => {
    await start(freshTenant(without(permission)))
    const { status: got, body } = await get(path)
    expect([got, errorOf(body).code]).toEqual([status, code])
  })

  it('Intune and PIM put JSON into the message', async () => {
    await start(freshTenant(without('DeviceManagementConfiguration.Read.All')))
    const intune = await get('/v1.0/deviceManagement/settings')
    expect(intune.status).toBe(403)
    expect(JSON.parse(errorOf(intune.body).message).Message).toContain('DeviceManagementConfiguration.Read.All')
    await start(hardenedTenant({ app: { appRoles: { graph: [] } } }))
    const pim = await get('/v1.0/roleManagement/directory/roleAssignmentScheduleInstances')
    expect(JSON.parse(errorOf(pim.body).message).errorCode).toBe('PermissionScopeNotGranted')
  })

  it.each([
    ['/v1.0/roleManagement/directory/roleAssignmentScheduleInstances', 400, 'AadPremiumLicenseRequired'],
    ['/v1.0/identityGovernance/accessReviews/definitions', 403, 'NoLicense'],
    [
      '/v1.0/reports/authenticationMethods/userRegistrationDetails',
      403,
      'Authentication_RequestFromNonPremiumTenantOrB2CTenant',
    ],
    ['/v1.0/deviceManagement/settings', 400, 'BadRequest'],
    ['/v1.0/admin/sharepoint/settings', 400, 'BadRequest'],
  ])('without licences %s carries its marker', async (path, status, code) => {
    await start(freshTenant({ servicePlans: [] }))
    const { status: got, body } = await get(path)
    expect([got, errorOf(body).code]).toEqual([status, code])
  })

  it('reading conditional access without P1 is an empty list (assumed: nobody has published that answer)', async () => {
    await start(freshTenant({ servicePlans: [] }))
    expect((await get('/v1.0/identity/conditionalAccess/policies')).body.value).toEqual([])
  })

  it('refuses tokens that are missing, foreign or expired', async () => {
    const message = async (headers: Record<string, string>) => {
      const response = await client.fetch(`${base}/v1.0/organization`, { headers })
      return [response.status, errorOf((await response.json()) as Record<string, unknown>).message]
    }
    expect(await message({})).toEqual([401, 'Access token is empty.'])
    const foreign = await client.token(tenant, scopes.exchange)
    expect(await message({ authorization: `Bearer ${foreign}` })).toEqual([
      401,
      'Access token validation failure. Invalid audience.',
    ])
    client.simulator.configure({ tokenLifetimeSeconds: -60 })
    const expired = await client.token(tenant, scopes.graph)
    expect(await message({ authorization: `Bearer ${expired}` })).toEqual([
      401,
      'Lifetime validation failed, the token is expired.',
    ])
  })
})

describe('a batch', () => {
  const part = (id: string, url: string) => ({ id, method: 'GET', url })

  it('answers each part, in an order of its own, and keeps to the version of its URL', async () => {
    const { status, body } = await batch('v1.0', [
      part('1', '/organization'),
      part('2', 'policies/b2bManagementPolicies'),
      part('3', '/users/nobody'),
    ])
    expect(status).toBe(200)
    expect(body.responses.map((response) => [response.id, response.status])).toEqual([
      ['3', 404],
      ['2', 400],
      ['1', 200],
    ])
    expect(body.responses[1]?.body.error.message).toContain("'b2bManagementPolicies'")
    expect(client.simulator.requests.at(-1)).toMatchObject({
      batchSize: 3,
      sources: ['graph/organization', '', 'graph/users/{id}'],
    })
  })

  it('refuses more than twenty parts, repeated ids and a body that is none', async () => {
    const many = await batch(
      'v1.0',
      Array.from({ length: 21 }, (_, index) => part(String(index), '/organization')),
    )
    expect([many.status, errorOf(many.body).message]).toEqual([
      400,
      'Number of batch request steps exceeds the maximum value of 20.',
    ])
    expect((await batch('v1.0', [part('a', '/domains'), part('A', '/domains')])).status).toBe(400)
    expect((await batch('v1.0', [])).status).toBe(400)
  })

  it('throttles single parts with their own Retry-After', async () => {
    client.simulator.configure({ throttle: { share: 0.5, retryAfter: 'always', seed: 3, services: ['graph'] } })
    const ids = Array.from({ length: 20 }, (_, index) => String(index))
    const { status, body } = await batch(
      'v1.0',
      ids.map((id) => part(id, `/users/${id}`)),
    )
    expect(status).toBe(200)
    const throttled = body.responses.filter((response) => response.status === 429)
    expect(throttled.length).toBeGreaterThan(0)
    expect(throttled.length).toBeLessThan(20)
    for (const response of throttled)
      expect([response.headers['Retry-After'], response.body.error.code]).toEqual(['1', 'TooManyRequests'])
  })

  it('fails what depends on a failed part', async () => {
    const { body } = await batch('v1.0', [part('1', '/users/nobody'), { ...part('2', '/domains'), dependsOn: ['1'] }])
    expect(body.responses.map((response) => [response.id, response.status])).toEqual([
      ['2', 424],
      ['1', 404],
    ])
  })

  it('takes a next link back once host and version are cut off', async () => {
    const first = await batch('v1.0', [part('1', '/users?$top=4&$select=id')])
    const link = String(first.body.responses[0]?.body['@odata.nextLink'])
    const next = await batch('v1.0', [part('1', link.replace(`${base}/v1.0`, ''))])
    expect(next.body.responses[0]?.body.value.map((row) => row.id)).toEqual(
      tenant.graph.users.slice(4, 8).map((user) => user.id),
    )
  })
})

describe('conditional access', () => {
  it('takes one request a second and tenant, and names no time', async () => {
    const path = '/v1.0/identity/conditionalAccess/policies'
    const [first, second] = await Promise.all([get(path), get(path)])
    expect([first.status, second.status].sort()).toEqual([200, 429])
    const refused = [first, second].find((answer) => answer.status === 429)
    expect(refused?.headers.has('retry-after')).toBe(false)
    expect(client.simulator.requests.at(-1)?.bucket).toBe('conditionalAccess')
  })
})
