import { describe, expect, it } from 'vitest'
import {
  e5Tenant,
  type JsonObject,
  legacyTenant,
  noLicencesTenant,
  roleTemplateId,
  type TenantDocument,
} from '../index.ts'

// What each of these tenants is there for: if one loses its trait, tests that rely on it would pass for nothing.

const list = (tenant: TenantDocument, path: string) => tenant.graph.resources[path] as JsonObject[]
const rows = (tenant: TenantDocument, cmdlet: string) => tenant.exchange.cmdlets[cmdlet] ?? []
const states = (tenant: TenantDocument) =>
  new Set(list(tenant, 'identity/conditionalAccess/policies').map((policy) => policy.state))
const everyState = new Set(['enabled', 'disabled', 'enabledForReportingButNotEnforced'])

describe('the E5 tenant', () => {
  const tenant = e5Tenant()

  it('is licensed and half configured', () => {
    expect(tenant.servicePlans).toEqual(expect.arrayContaining(['AAD_PREMIUM_P2', 'THREAT_INTELLIGENCE', 'INTUNE_A']))
    expect(states(tenant)).toEqual(everyState)
    expect(rows(tenant, 'Get-EOPProtectionPolicyRule').map((row) => [row.Name, row.State])).toEqual([
      ['Strict Preset Security Policy', 'Disabled'],
      ['Standard Preset Security Policy', 'Enabled'],
    ])
  })

  it('uses PIM: activated, standing, limited in time, and through a group', () => {
    const { roleAssignmentScheduleInstances: found } = tenant.graph
    expect(new Set(found.map((row) => row.assignmentType))).toEqual(new Set(['Assigned', 'Activated']))
    expect(found.some((row) => row.assignmentType === 'Assigned' && row.endDateTime !== null)).toBe(true)
    const groups = tenant.graph.groups.map((row) => row.id)
    expect(found.some((row) => groups.includes(String(row.principalId)))).toBe(true)
  })

  it('joins every rule to a policy that exists', () => {
    for (const [cmdlet, policies] of Object.entries(tenant.exchange.cmdlets)) {
      if (!cmdlet.endsWith('Rule') || cmdlet.startsWith('Get-Teams')) continue
      for (const row of policies)
        for (const [name, value] of Object.entries(row).filter(
          ([member]) => member.endsWith('Policy') && member !== 'DlpPolicy',
        ))
          expect([name, rows(tenant, `Get-${name}`).some((policy) => policy.Name === value)]).toEqual([name, true])
    }
  })
})

describe('the tenant without licences', () => {
  const tenant = noLicencesTenant()

  it('has none of the plans that protect or manage', () => {
    const plans = ['AAD_PREMIUM', 'AAD_PREMIUM_P2', 'ATP_ENTERPRISE', 'THREAT_INTELLIGENCE', 'INTUNE_A', 'BI_AZURE_P0']
    expect(tenant.servicePlans.filter((name) => plans.includes(name))).toEqual([])
    // A name that only looks like Intune.
    expect(tenant.servicePlans).toContain('INTUNE_O365')
    expect(tenant.graph.skus).toMatchObject([{ skuPartNumber: 'O365_BUSINESS_ESSENTIALS' }])
  })

  it('relies on security defaults, and audits less', () => {
    expect(tenant.graph.resources['policies/identitySecurityDefaultsEnforcementPolicy']).toMatchObject({
      isEnabled: true,
    })
    for (const mailbox of rows(tenant, 'Get-Mailbox')) expect(mailbox.AuditOwner).not.toContain('MailItemsAccessed')
  })
})

describe('the legacy tenant', () => {
  const tenant = legacyTenant()
  const { graph } = tenant
  const member = (name: string) => graph.directoryRoles.find((row) => row.displayName === name)?.members ?? []
  const groupOf = (id: string) => graph.groups.find((row) => row.id === id)

  it('has synchronised administrators, and accounts that once were', () => {
    const admins = member('Global Administrator').flatMap((id) => graph.users.find((row) => row.id === id) ?? [])
    expect(new Set(admins.map((admin) => admin.onPremisesSyncEnabled))).toEqual(new Set([null, true, false]))
    expect(admins.some((admin) => admin.userType === 'Guest')).toBe(true)
    expect(admins.some((admin) => admin.accountEnabled === false)).toBe(true)
  })

  it('has groups in roles, in each other, and in a circle', () => {
    const path: string[] = []
    let group = member('Exchange Administrator')
      .map(groupOf)
      .find((found) => found !== undefined)
    while (group !== undefined && !path.includes(group.displayName)) {
      path.push(group.displayName)
      group = group.members.map(groupOf).find((found) => found !== undefined)
    }
    expect(path).toEqual(['Messaging Team', 'Messaging Tier 2', 'Messaging Tier 3'])
    expect(group?.displayName).toBe('Messaging Team')
  })

  it('has service principals in roles, directly and in a group', () => {
    const principals = graph.servicePrincipals.map((row) => String(row.id))
    expect(member('Global Administrator').some((id) => principals.includes(id))).toBe(true)
    const inGroup = member('User Administrator').flatMap((id) => groupOf(id)?.members ?? [])
    expect(inGroup.some((id) => principals.includes(id))).toBe(true)
  })

  it('has an assignment whose holder is gone, and one that is not for the whole directory', () => {
    const known = new Set([...graph.users, ...graph.groups, ...graph.servicePrincipals].map((row) => row.id))
    const { roleAssignmentScheduleInstances: found } = graph
    expect(found.filter((row) => !known.has(row.principalId as string))).toMatchObject([
      { roleDefinitionId: roleTemplateId('Helpdesk Administrator') },
    ])
    expect(found.filter((row) => row.directoryScopeId !== '/')).toHaveLength(1)
  })

  it('was renamed: its SharePoint host does not follow from its initial domain', () => {
    expect(tenant.initialDomain.startsWith(tenant.sharepoint.prefix)).toBe(false)
    expect(tenant.sharepoint.tenant.RootSiteUrl).toBe(`https://${tenant.sharepoint.prefix}.sharepoint.com`)
  })

  it('forwards automatically, in every policy', () => {
    expect(rows(tenant, 'Get-HostedOutboundSpamFilterPolicy').map((row) => row.AutoForwardingMode)).toEqual([
      'Automatic',
      'Automatic',
    ])
  })

  it('has policies in every state, presets without recipients, and two SPF records', () => {
    expect(states(tenant)).toEqual(everyState)
    expect(rows(tenant, 'Get-ATPProtectionPolicyRule').map((row) => [row.State, row.Conditions === null])).toEqual([
      ['Enabled', true],
      ['Disabled', false],
    ])
    const first = tenant.dns[tenant.customDomains[0] ?? ''] as string[]
    expect(first.filter((record) => record.startsWith('v=spf1'))).toHaveLength(2)
    expect(rows(tenant, 'Get-AcceptedDomain').filter((row) => row.IsCoexistenceDomain)).toHaveLength(1)
  })

  it('has settings that are texts, and policies of Teams beside the global one', () => {
    const values = list(tenant, 'groupSettings').flatMap((row) =>
      (row.values as JsonObject[]).map((pair) => pair.value),
    )
    expect(values.every((value) => typeof value === 'string')).toBe(true)
    expect(values).toEqual(expect.arrayContaining(['true', 'FALSE', 'False']))
    const meetings = tenant.teams.configurations.TeamsMeetingPolicy?.map((row) => row.Identity)
    expect(meetings).toEqual(expect.arrayContaining(['Global', 'Tag:default', 'Tag:Board meetings']))
  })

  it('has odd nulls where newer tenants have values', () => {
    expect(graph.users.some((row) => row.userType === null)).toBe(true)
    expect(
      graph.groups.some((row) => (row.groupTypes as string[]).includes('Unified') && row.visibility === null),
    ).toBe(true)
    expect(graph.domains.some((row) => row.passwordValidityPeriodInDays === null)).toBe(true)
    expect(graph.servicePrincipals.some((row) => row.appId === null)).toBe(true)
  })
})
