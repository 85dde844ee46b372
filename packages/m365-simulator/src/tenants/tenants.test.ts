import { describe, expect, it } from 'vitest'
import { exchangeCmdlets } from '../exchange/cmdlets.ts'
import {
  builtInTenant,
  builtInTenantNames,
  freshTenant,
  type JsonObject,
  sourceIds,
  type TenantDocument,
  type TenantOverrides,
} from '../index.ts'

const resource = (tenant: TenantDocument, path: string) => tenant.graph.resources[path] as JsonObject & JsonObject[]
const globalOf = (tenant: TenantDocument, type: string) =>
  tenant.teams.configurations[type]?.find((row) => row.Identity === 'Global')
const rows = (tenant: TenantDocument, cmdlet: string) => tenant.exchange.cmdlets[cmdlet] ?? []

describe.each(builtInTenantNames)('the %s tenant', (name) => {
  const make = (overrides?: TenantOverrides) => builtInTenant(name, overrides)

  it('is the same document every time, and nobody else’s', () => {
    expect(make()).toEqual(make())
    const changed = make()
    changed.graph.users.length = 0
    expect(make().graph.users.length).toBeGreaterThan(0)
    expect(make().name).toBe(name)
  })

  it('survives as JSON and has no name left open', () => {
    const text = JSON.stringify(make())
    expect(JSON.parse(text)).toEqual(make())
    expect(text.includes('{{')).toBe(false)
  })

  it('takes another identity through to its data', () => {
    const own = make({
      tenantId: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee',
      displayName: 'Northwind "Traders"',
      initialDomain: 'northwind.onmicrosoft.com',
      customDomains: ['northwind.example', 'nw.example'],
      app: { clientSecret: 'mine' },
    })
    expect(own.sharepoint).toMatchObject({
      prefix: 'northwind',
      tenant: { RootSiteUrl: 'https://northwind.sharepoint.com' },
    })
    const ordinary = rows(own, 'Get-AcceptedDomain').filter((row) => row.IsCoexistenceDomain === false)
    expect(ordinary.map((row) => row.DomainName)).toEqual([
      'northwind.onmicrosoft.com',
      'northwind.example',
      'nw.example',
    ])
    expect(Object.keys(own.dns)).toEqual(expect.arrayContaining(['northwind.onmicrosoft.com', 'nw.example']))
    expect(own.app.clientSecret).toBe('mine')
    expect(rows(own, 'Get-OrganizationConfig')[0]?.DisplayName).toBe('Northwind "Traders"')
    const text = JSON.stringify(own)
    // The text is long: a failure names what was found, not all of it.
    const foreign = ['contoso.', 'fabrikam.', make().initialDomain, ...make().customDomains]
    expect(foreign.filter((name) => text.includes(name))).toEqual([])
  })

  it('merges objects and replaces lists', () => {
    const own = make({
      app: { appRoles: { graph: ['User.Read.All'] } },
      dns: { 'contoso.com': undefined },
      graph: { resources: { 'deviceManagement/settings': { secureByDefault: true } } },
    })
    expect(own.app.appRoles).toMatchObject({ graph: ['User.Read.All'], exchange: ['Exchange.ManageAsApp'] })
    expect('contoso.com' in own.dns).toBe(false)
    expect(resource(own, 'deviceManagement/settings')).toMatchObject({
      secureByDefault: true,
      isScheduledActionEnabled: true,
    })
  })

  it('holds data for every source that is read', () => {
    const own = make()
    for (const cmdlet of exchangeCmdlets)
      expect([cmdlet.name, Array.isArray(own.exchange.cmdlets[cmdlet.name])]).toEqual([cmdlet.name, true])
    for (const cmdlet of ['Get-ProtectionAlert', 'Get-DlpCompliancePolicy', 'Get-LabelPolicy'])
      expect(own.compliance.cmdlets[cmdlet]).toBeInstanceOf(Array)
    expect(Object.keys(own.teams.configurations)).toHaveLength(6)
    expect(sourceIds.length).toBeGreaterThan(80)
  })

  it('joins mailboxes to users and members to objects', () => {
    const own = make()
    const users = new Set(own.graph.users.map((user) => user.id))
    for (const mailbox of rows(own, 'Get-Mailbox')) {
      if (mailbox.RecipientTypeDetails === 'DiscoveryMailbox') continue
      expect(users.has(String(mailbox.ExternalDirectoryObjectId))).toBe(true)
    }
    const objects = new Set([
      ...users,
      ...own.graph.groups.map((group) => group.id),
      ...own.graph.servicePrincipals.map((row) => String(row.id)),
    ])
    for (const holder of [...own.graph.directoryRoles, ...own.graph.groups])
      for (const member of holder.members) expect(objects.has(member)).toBe(true)
  })
})

describe('the fresh tenant', () => {
  const fresh = freshTenant()

  it('is as Microsoft hands it over', () => {
    expect(resource(fresh, 'identity/conditionalAccess/policies')).toEqual([])
    expect(resource(fresh, 'policies/identitySecurityDefaultsEnforcementPolicy').isEnabled).toBe(true)
    expect(resource(fresh, 'policies/authorizationPolicy').defaultUserRolePermissions).toMatchObject({
      allowedToCreateApps: true,
      allowedToCreateTenants: true,
    })
    expect(fresh.sharepoint.tenant).toMatchObject({
      SharingCapability: 2,
      LegacyAuthProtocolsEnabled: true,
      DisallowInfectedFileDownload: false,
    })
    expect(globalOf(fresh, 'TeamsMeetingPolicy')?.AutoAdmittedUsers).toBe('EveryoneInCompany')
    expect(rows(fresh, 'Get-HostedOutboundSpamFilterPolicy')[0]?.AutoForwardingMode).toBe('Automatic')
    expect(fresh.compliance.cmdlets['Get-LabelPolicy']).toEqual([])
    expect(fresh.servicePlans).not.toContain('AAD_PREMIUM_P2')
  })

  it('was never synchronised, neither as a whole nor in any account', () => {
    expect(fresh.graph.onPremisesSyncEnabled).toBeNull()
    expect(fresh.graph.users.filter((user) => user.onPremisesSyncEnabled !== null)).toEqual([])
  })

  it('shows Android Enterprise in beta only', () => {
    const beta = resource(fresh, 'beta/deviceManagement/deviceEnrollmentConfigurations')
    const v1 = resource(fresh, 'deviceManagement/deviceEnrollmentConfigurations')
    expect(beta.some((row) => 'androidForWorkRestriction' in row)).toBe(true)
    expect(v1.some((row) => 'androidForWorkRestriction' in row)).toBe(false)
  })
})
