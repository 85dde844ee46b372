import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type JsonObject, largeTenant, type TenantDocument } from '../index.ts'
import { testCertificate } from '../testing/certificate.ts'
import { Client } from '../testing/client.ts'
import { graphHost, Reader } from '../testing/reader.ts'

/** Bytes in use after everything that nobody holds was thrown away. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

const distinct = (rows: Record<string, unknown>[], name: string) => new Set(rows.map((row) => row[name])).size

let tenant: TenantDocument
let client: Client
let reader: Reader
let heapOfDocument: number

beforeAll(async () => {
  const before = heapInUse()
  tenant = largeTenant()
  heapOfDocument = heapInUse() - before
  const certificate = await testCertificate()
  tenant.app.certificates.push(certificate.pem)
  client = await Client.start({ tenants: [tenant] })
  reader = new Reader(client, tenant, certificate)
})

afterAll(() => client.close())

describe('the large tenant', () => {
  it('holds what it promises, in little memory', () => {
    const { graph, exchange } = tenant
    expect(graph.users).toHaveLength(20_000)
    expect(exchange.cmdlets['Get-Mailbox']).toHaveLength(8000)
    expect(graph.groups).toHaveLength(400)
    expect(graph.resources['identity/conditionalAccess/policies']).toHaveLength(120)
    expect(graph.servicePrincipals).toHaveLength(3000)
    expect(heapOfDocument).toBeLessThan(48 * 1024 * 1024)
  })

  it('has nobody twice', () => {
    expect(distinct(tenant.graph.users, 'id')).toBe(20_000)
    expect(distinct(tenant.graph.users, 'userPrincipalName')).toBe(20_000)
    expect(distinct(tenant.exchange.cmdlets['Get-Mailbox'] ?? [], 'Identity')).toBe(8000)
    expect(distinct(tenant.graph.roleAssignmentScheduleInstances, 'id')).toBe(
      tenant.graph.roleAssignmentScheduleInstances.length,
    )
  })

  it('comes in any size', () => {
    const small = largeTenant({ displayName: 'Small' }, { users: 40, mailboxes: 10, groups: 9, servicePrincipals: 3 })
    expect([small.graph.users.length, small.graph.groups.length, small.displayName]).toEqual([40, 9, 'Small'])
    expect(small.exchange.cmdlets['Get-Mailbox']).toHaveLength(10)
    expect(largeTenant({}, { users: 25_000 }).graph.users).toHaveLength(25_000)
  })

  it('does not let a change to one mailbox reach the others', () => {
    const [first] = tenant.exchange.cmdlets['Get-Mailbox'] ?? []
    const actions = (first?.AuditOwner ?? []) as string[]
    expect(actions.length).toBeGreaterThan(0)
    expect(() => actions.push('Send')).toThrow(TypeError)
  })
})

describe('paging', () => {
  const policyFilter = encodeURIComponent("scopeId eq '/' and scopeType eq 'DirectoryRole'")
  const helpdesk = () => tenant.graph.directoryRoles.find((row) => row.displayName === 'Directory Readers')

  it.each<[string, number, number, () => string]>([
    ['people', 21, 20_000, () => '/v1.0/users?$top=999&$select=id,userPrincipalName,accountEnabled,userType'],
    ['enabled people', 20, 19_334, () => '/v1.0/users?$filter=accountEnabled%20eq%20true&$top=999&$select=id'],
    ['service principals', 4, 3000, () => '/v1.0/servicePrincipals?$top=999'],
    ['groups of a small page', 40, 400, () => '/v1.0/groups?$top=10&$select=id'],
    ['registration details', 20, 19_334, () => '/v1.0/reports/authenticationMethods/userRegistrationDetails'],
    ['role assignments', 2, 1554, () => '/v1.0/roleManagement/directory/roleAssignmentScheduleInstances?$top=999'],
    ['access reviews', 3, 250, () => '/v1.0/identityGovernance/accessReviews/definitions'],
    ['members of a role', 2, 1500, () => `/v1.0/directoryRoles/${helpdesk()?.id}/members?$top=999&$select=id`],
    ['members of a group', 3, 2500, () => `/v1.0/groups/${tenant.graph.groups[0]?.id}/members?$top=999&$select=id`],
    ['conditional access, in one page', 1, 120, () => '/v1.0/identity/conditionalAccess/policies'],
    [
      'policy assignments, in one page',
      1,
      2,
      () => `/v1.0/policies/roleManagementPolicyAssignments?$filter=${policyFilter}`,
    ],
  ])('of Graph reaches all %s', async (_, pages, rows, path) => {
    const read = await reader.graph(path())
    expect({ status: read.status, pages: read.pages, rows: distinct(read.rows, 'id') }).toEqual({
      status: 200,
      pages,
      rows,
    })
    expect(read.rows).toHaveLength(rows)
  })

  it('of Exchange reaches all mailboxes and accounts, when asked for all', async () => {
    const mailboxes = await reader.cmdlet('Get-Mailbox', { ResultSize: 'Unlimited' })
    expect([mailboxes.status, mailboxes.pages, distinct(mailboxes.rows, 'Guid')]).toEqual([200, 8, 8000])
    const accounts = await reader.cmdlet('Get-MailboxAuditBypassAssociation', { ResultSize: 'Unlimited' })
    expect([accounts.status, accounts.pages, accounts.rows.length]).toEqual([200, 9, 242 + 7999])
    const cut = await reader.cmdlet('Get-Mailbox')
    expect([cut.rows.length, cut.pages]).toEqual([1000, 1])
    expect(JSON.stringify(cut.body['@adminapi.warnings'])).toContain('more results')
  })

  it('of SharePoint and Fabric reaches the last', async () => {
    const sites = await reader.sites()
    expect([sites.pages, distinct(sites.rows, 'Url')]).toEqual([5, 1500])
    expect(sites.rows.at(-1)).toMatchObject({ DenyAddAndCustomizePages: 1 })
    const settings = await reader.fabric()
    expect([settings.pages, distinct(settings.rows, 'settingName')]).toEqual([3, 121])
  })

  it('is one read each, whatever the number of pages', () => {
    const { reads, roundTrips } = client.simulator.tally()
    expect(reads).toMatchObject({
      'graph/servicePrincipals?appId': 1,
      'exchange/Get-MailboxAuditBypassAssociation': 1,
      'sharepoint/sites': 1,
      'fabric/tenantSettings': 1,
    })
    expect(roundTrips).toBeGreaterThan(100)
  })

  it('hands out tokens that cannot be made up, moved to another list, or told from each other by counting', async () => {
    const link = async (path: string) => String((await firstPage(path))['@odata.nextLink'])
    const firstPage = async (path: string) => (await reader.graph(path)).body
    const [users, again] = [await link('/v1.0/users?$top=999'), await link('/v1.0/users?$top=500')]
    const token = (url: string) => new URL(url).searchParams.get('$skiptoken') ?? ''
    expect(token(users)).toMatch(/^[\w-]{40,}$/)
    expect(token(users)).not.toBe(token(again))
    const follow = async (path: string, value: string) => {
      const { status, marker } = await reader.graph(`${path}$skiptoken=${value}`)
      return [status, marker]
    }
    const refused = [400, 'Directory_ExpiredPageToken']
    expect(await follow('/v1.0/users?$top=999&', '1000')).toEqual(refused)
    expect(
      await follow(
        '/v1.0/users?$top=999&',
        token(users).replace(/^./, (first) => (first === 'A' ? 'B' : 'A')),
      ),
    ).toEqual(refused)
    expect(await follow('/v1.0/servicePrincipals?', token(users))).toEqual(refused)
    expect(users.startsWith(`${graphHost}/v1.0/users?`)).toBe(true)
  })
})

describe('one by one', () => {
  it('finds any of twenty thousand people, twenty in a batch', async () => {
    const wanted = tenant.graph.users.filter((_, index) => index % 50 === 49)
    const states = new Map<string, unknown>()
    for (let at = 0; at < wanted.length; at += 20) {
      const part = wanted.slice(at, at + 20)
      const answers = await reader.batch(
        'beta',
        part.map((member) => `/users/${member.id}/authentication/requirements`),
      )
      for (const { id, status, body } of answers) {
        expect(status).toBe(200)
        states.set(part[Number(id)]?.id ?? '', body.perUserMfaState)
      }
    }
    expect(states.size).toBe(400)
    // Four of them, each the last of five thousand.
    expect([...states.values()].filter((state) => state === 'enforced')).toHaveLength(4)
  })

  it('is not kept by the simulator: records are all that stays', async () => {
    client.simulator.clearRequests()
    await reader.graph('/v1.0/users?$top=999')
    const before = heapInUse()
    for (let round = 0; round < 3; round++) await reader.graph('/v1.0/users?$top=999')
    expect(client.simulator.requests).toHaveLength(84)
    expect(heapInUse() - before).toBeLessThan(8 * 1024 * 1024)
  })

  it('is part of the floor', () => {
    client.simulator.configure({ latency: 'v1' })
    const { simulator } = client
    const requirements = 'graph/beta/users/{id}/authentication/requirements'
    expect(simulator.floorMs([requirements])).toBe(200 + 2 * 150)
    expect(simulator.floorMs([requirements], tenant.tenantId)).toBe(200 + 21 * 150 + 150)
    expect(simulator.floorMs(['sharepoint/sites'], tenant.tenantId)).toBe(200 + 5 * 400)
    simulator.configure({ latency: 'none' })
  })
})

it('is smaller where its owner says so, on every list', () => {
  const policies = (document: TenantDocument) =>
    document.graph.resources['identity/conditionalAccess/policies'] as JsonObject[]
  const few = largeTenant({}, { conditionalAccessPolicies: 15, accessReviews: 2, sites: 4, roleAssignments: 0 })
  expect(policies(few)).toHaveLength(15)
  expect(few.graph.resources['identityGovernance/accessReviews/definitions']).toHaveLength(2)
  expect(few.sharepoint.sites).toHaveLength(4)
  expect(few.graph.roleAssignmentScheduleInstances).toHaveLength(54)
})
