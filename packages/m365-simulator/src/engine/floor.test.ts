import { describe, expect, it } from 'vitest'
import {
  freshTenant,
  hardenedTenant,
  legacyTenant,
  noLatency,
  noLicencesTenant,
  profileV1,
  sourceIds,
  startSimulator,
  type TenantDocument,
} from '../index.ts'
import { floorMs, longestChainMs, scaledProfile } from './floor.ts'
import { rateLimitNames } from './limits.ts'

const floor = (ids: string[], tenant?: TenantDocument) => floorMs({ profile: profileV1, ids, tenant })
const chain = (ids: string[], tenant?: TenantDocument) => longestChainMs({ profile: profileV1, ids, tenant })

/** A tenant with that many people, for what grows with them. */
function crowd(users: number): TenantDocument {
  const tenant = freshTenant()
  const [template] = tenant.graph.users
  if (template === undefined) throw new Error('The fresh tenant has people.')
  tenant.graph.users = Array.from({ length: users }, (_, index) => ({ ...template, id: `user ${index}` }))
  return tenant
}

describe('the floor', () => {
  it('is the slowest service: token and dependent rounds', () => {
    expect(floor(['graph/directoryRoles'])).toBe(350)
    expect(floor(['graph/users/{id}'])).toBe(200 + 3 * 150)
    expect(floor(['teams/Get-CsTeamsMeetingPolicy', 'graph/domains'])).toBe(500)
    expect(floor(['compliance/Get-LabelPolicy'])).toBe(200 + 2 * 800)
    expect(floor(['sharepoint/tenant'])).toBe(600)
    expect(floor([])).toBe(0)
    expect(floorMs({ profile: noLatency })).toBe(0)
    expect(() => floor(['graph/nonsense'])).toThrow('There is no source')
  })

  it('knows every source, in every tenant', () => {
    for (const tenant of [undefined, freshTenant(), hardenedTenant(), legacyTenant(), noLicencesTenant()])
      for (const id of sourceIds) {
        const ms = floor([id], tenant)
        expect([id, ms >= 20 || ms === 0, chain([id], tenant) >= ms]).toEqual([id, true, true])
      }
  })

  it('does not wait for the rule that an expanded assignment brings along', () => {
    const rule = 'graph/policies/roleManagementPolicies/{policyId}/rules/Approval_EndUser_Assignment'
    expect(floor([rule])).toBe(floor(['graph/policies/roleManagementPolicyAssignments']))
  })

  it('reads beta objects after the beta list', () => {
    expect(floor(['graph/beta/users/{id}'])).toBe(floor(['graph/users/{id}']))
    expect(floor(['graph/beta/users/{id}/authentication/requirements'])).toBe(200 + 2 * 150)
  })

  it('counts pages, each known from the one before, and what comes after the last', () => {
    const tenant = crowd(2500)
    expect(floor(['graph/users'], tenant)).toBe(200 + 3 * 150)
    expect(floor(['graph/beta/users/{id}/authentication/requirements'], tenant)).toBe(200 + 4 * 150)
    const legacy = legacyTenant()
    expect(floor(['sharepoint/sites'], legacy)).toBe(
      200 + Math.ceil(legacy.sharepoint.sites.length / legacy.sharepoint.sitePageSize) * 400,
    )
    expect(floor(['fabric/tenantSettings'], legacy)).toBe(200 + 2 * 300)
  })

  it('does not count objects that are not there', () => {
    const source = 'graph/groups/{id}/members'
    expect(floor([source], freshTenant())).toBe(0)
    expect(floor([source], legacyTenant())).toBe(200 + 3 * 150)
  })

  it('takes a refusal for want of a licence as one answer', () => {
    const source = 'graph/reports/authenticationMethods/userRegistrationDetails'
    expect(floor([source], noLicencesTenant())).toBe(350)
  })

  it('keeps to the documented limits where they are enforced', () => {
    const tenant = crowd(17_000)
    const [row = {}] = tenant.graph.userRegistrationDetails
    tenant.graph.userRegistrationDetails = Array.from({ length: 6500 }, () => row)
    const limits = new Set(rateLimitNames)
    const under = (id: string) => floorMs({ profile: profileV1, ids: [id], tenant, limits })
    // Seven pages, five in ten seconds: the sixth waits until the first is ten seconds old.
    expect(under('graph/reports/authenticationMethods/userRegistrationDetails')).toBe(200 + 10_000 + 2 * 150)
    // 17,000 people in windows of 8,000, after eighteen pages of them.
    expect(under('graph/beta/users/{id}/authentication/requirements')).toBe(200 + 18 * 150 + 2 * 10_000 + 150)
  })

  it('ignores other services, the longest chain does not', () => {
    expect(chain(['sharepoint/tenant'])).toBe(200 + 150 + 200 + 400)
    const domains = chain(['exchange/Get-AcceptedDomain'])
    expect(chain(['dns/txt'])).toBe(domains + 20)
    // The token is there before the domain is known; the region is asked for after it.
    expect(chain(['compliance/Get-LabelPolicy'])).toBe(200 + 150 + 2 * 800)
  })

  it('scales times, and no shares', () => {
    expect(scaledProfile(profileV1, 0.1)).toMatchObject({ graph: 15, exchangeSlow: 180, exchangeSlowShare: 0.1 })
  })

  it('follows the knobs', async () => {
    const tenant = freshTenant()
    const simulator = await startSimulator({ tenants: [tenant], latency: 'v1', latencyScale: 2 })
    try {
      expect(simulator.floorMs(['graph/domains'])).toBe(700)
      expect(simulator.floorMs(['graph/groups/{id}/members'])).toBe(1300)
      expect(simulator.floorMs(['graph/groups/{id}/members'], tenant.tenantId)).toBe(0)
      expect(() => simulator.floorMs([], 'nobody')).toThrow('There is no tenant "nobody"')
      simulator.configure({ latency: 'none' })
      expect(simulator.floorMs()).toBe(0)
    } finally {
      await simulator.close()
    }
  })
})
