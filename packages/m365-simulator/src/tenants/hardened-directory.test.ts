import { describe, expect, it } from 'vitest'
import { hardenedInputs, hardenedTenant, type JsonObject, roleTemplateId } from '../index.ts'
import { protectedAdminRoles } from './conditional-access.ts'

// What each control of the benchmark asks for, said again over the bare document, in its own words and without a scanner.

const tenant = hardenedTenant()
const inputs = hardenedInputs(tenant)
const { graph } = tenant
const list = (path: string) => graph.resources[path] as JsonObject[]
const object = (path: string) => graph.resources[path] as JsonObject
const users = new Map(graph.users.map((row) => [row.id, row]))
const heldBy = (name: string) => graph.directoryRoles.find((row) => row.displayName === name)?.members ?? []
const member = (row: JsonObject, ...names: string[]) =>
  names.reduce<unknown>((value, name) => (value as JsonObject)[name], row) as never

const administrators = graph.directoryRoles
  .filter((row) => row.displayName.includes('Administrator') || row.displayName === 'Global Reader')
  .flatMap((row) => row.members)
  .flatMap((id) => users.get(id) ?? [])

describe('people and roles', () => {
  it('1.1.1, 1.1.4: administrators are cloud accounts without a licence', () => {
    expect(administrators.length).toBeGreaterThan(3)
    for (const admin of administrators)
      expect(admin).toMatchObject({ onPremisesSyncEnabled: null, assignedLicenses: [] })
  })

  it('1.1.2: two emergency accounts, left out of every policy', () => {
    const accounts = (inputs.breakGlassAccounts ?? []).map((name) =>
      graph.users.find((row) => row.id === name || row.userPrincipalName === name),
    )
    expect(accounts).toHaveLength(2)
    for (const account of accounts) {
      expect(account).toMatchObject({ accountEnabled: true, assignedLicenses: [], onPremisesSyncEnabled: null })
      expect(account?.userPrincipalName).toMatch(/@fabrikam\.onmicrosoft\.com$/)
      expect(heldBy('Global Administrator')).toContain(account?.id)
      for (const policy of list('identity/conditionalAccess/policies'))
        expect(member(policy, 'conditions', 'users', 'excludeUsers')).toContain(account?.id)
    }
  })

  it('1.1.3: two to four global administrators', () => {
    expect(heldBy('Global Administrator')).toHaveLength(3)
  })

  it('1.2.1: no public group', () => {
    const unified = graph.groups.filter((row) => (row.groupTypes as string[]).includes('Unified'))
    expect(unified.map((row) => row.visibility)).toEqual(['Private', 'Private'])
  })

  it('1.2.2: shared mailboxes belong to disabled accounts', () => {
    const shared = (tenant.exchange.cmdlets['Get-Mailbox'] ?? []).filter(
      (row) => row.RecipientTypeDetails === 'SharedMailbox',
    )
    expect(shared.length).toBeGreaterThan(0)
    for (const mailbox of shared)
      expect(users.get(String(mailbox.ExternalDirectoryObjectId))).toMatchObject({ accountEnabled: false })
  })

  it('1.3.1: passwords of managed domains never expire', () => {
    for (const domain of graph.domains)
      expect(domain).toMatchObject({ authenticationType: 'Managed', passwordValidityPeriodInDays: 2147483647 })
  })

  it('5.1.2.1: nobody has per-user MFA', () => {
    expect(Object.values(graph.perUserMfaState).filter((state) => state !== 'disabled')).toEqual([])
  })

  it('5.1.3.1: a dynamic group collects guests', () => {
    const rules = graph.groups
      .filter((row) => row.membershipRuleProcessingState === 'On')
      .map((row) => row.membershipRule)
    expect(rules).toContain('(user.userType -eq "Guest")')
  })

  it('5.2.3.4, 5.2.4.1: every member can use MFA and reset a password', () => {
    const members = graph.userRegistrationDetails.filter((row) => row.userType === 'member')
    expect(members.length).toBe(graph.users.filter((row) => row.accountEnabled && row.userType === 'Member').length)
    for (const row of members) expect(row).toMatchObject({ isMfaCapable: true, isSsprEnabled: true })
  })

  it('5.3.1: only readers hold a role for ever', () => {
    const standing = graph.roleAssignmentScheduleInstances.filter((row) => row.assignmentType === 'Assigned')
    const readers = [roleTemplateId('Global Reader'), roleTemplateId('Security Reader')]
    const forEver = standing.filter((row) => row.endDateTime === null)
    expect(new Set(forEver.map((row) => row.roleDefinitionId))).toEqual(new Set(readers))
    // Emergency accounts have it without activation, for a time.
    const held = standing.filter((row) => row.roleDefinitionId === roleTemplateId('Global Administrator'))
    expect(held).toHaveLength(2)
  })

  it('5.3.2: guests are reviewed every month', () => {
    const reviews = list('identityGovernance/accessReviews/definitions')
    const guests = reviews.find((row) => String(member(row, 'scope', 'query')).includes("userType eq 'Guest'"))
    expect(guests).toMatchObject({
      status: 'InProgress',
      settings: {
        mailNotificationsEnabled: true,
        reminderNotificationsEnabled: true,
        justificationRequiredOnApproval: true,
        autoApplyDecisionsEnabled: true,
        defaultDecisionEnabled: true,
        defaultDecision: 'Deny',
        recurrence: { pattern: { type: 'absoluteMonthly', interval: 1 } },
      },
    })
  })

  it.each(['Global', 'Exchange', 'SharePoint', 'Teams', 'Security'])(
    '5.3.3: %s Administrators are reviewed',
    (name) => {
      const id = roleTemplateId(`${name} Administrator`)
      const review = list('identityGovernance/accessReviews/definitions').find((row) =>
        JSON.stringify(row.scope).includes(id),
      )
      expect(JSON.stringify(member(review ?? {}, 'scope', 'principalScopes'))).toMatch(/\/users.*\/groups/)
      expect(review?.reviewers).toHaveLength(1)
      expect(review).toMatchObject({
        status: 'InProgress',
        settings: {
          instanceDurationInDays: 3,
          defaultDecision: 'None',
          mailNotificationsEnabled: true,
          reminderNotificationsEnabled: true,
          justificationRequiredOnApproval: true,
          autoApplyDecisionsEnabled: true,
          recurrence: { pattern: { type: 'absoluteMonthly', interval: 1 } },
        },
      })
    },
  )

  it('5.3.4, 5.3.5: two people approve an activation', () => {
    for (const assignment of list('policies/roleManagementPolicyAssignments')) {
      const rule = object(`policies/roleManagementPolicies/${assignment.policyId}/rules/Approval_EndUser_Assignment`)
      expect(member(rule, 'setting', 'isApprovalRequired')).toBe(true)
      const [stage = {}] = member(rule, 'setting', 'approvalStages') as JsonObject[]
      const approvers = (stage.primaryApprovers as JsonObject[]).map((row) => row.userId)
      expect(new Set(approvers).size).toBe(2)
      for (const id of approvers) expect(users.has(String(id))).toBe(true)
    }
  })
})

describe('settings of the directory', () => {
  it('1.3.2: idle sessions end within three hours', () => {
    const [policy = {}] = list('policies/activityBasedTimeoutPolicies')
    expect(policy.isOrganizationDefault).toBe(true)
    expect((policy.definition as string[])[0]).toContain('"WebSessionIdleTimeout":"03:00:00"')
  })

  it('1.3.4, 1.3.5: no store, no trials, forms are scanned', () => {
    expect(object('beta/admin/appsAndServices/settings')).toEqual({
      isOfficeStoreEnabled: false,
      isAppAndServicesTrialEnabled: false,
    })
    expect(object('beta/admin/forms/settings').isInOrgFormsPhishingScanEnabled).toBe(true)
  })

  it('1.3.7: third-party storage is switched off', () => {
    const found = graph.servicePrincipals.find((row) => row.appId === 'c1f33bc0-bdb4-4248-ba9b-096807ddb43e')
    expect(found?.accountEnabled).toBe(false)
  })

  it('4.1, 4.2: unknown devices are not compliant, personal ones stay out', () => {
    expect(object('deviceManagement/settings').secureByDefault).toBe(true)
    for (const path of ['', 'beta/'].map((version) => `${version}deviceManagement/deviceEnrollmentConfigurations`)) {
      const usual = list(path).find(
        (row) => String(row.id).includes('DefaultPlatformRestrictions') && row.priority === 0,
      )
      const restrictions = Object.entries(usual ?? {}).filter(([name]) => name.endsWith('Restriction'))
      expect(restrictions.length).toBeGreaterThanOrEqual(5)
      for (const [, value] of restrictions) expect((value as JsonObject).personalDeviceEnrollmentBlocked).toBe(true)
    }
  })

  it('5.1.2.2, 5.1.2.3, 5.1.5.1, 5.1.6.2, 5.1.6.3: what users and guests may do', () => {
    const policy = object('policies/authorizationPolicy')
    expect(policy).toMatchObject({
      allowInvitesFrom: 'adminsAndGuestInviters',
      guestUserRoleId: '2af84b1e-32c8-42b7-82bc-daa82404023b',
      defaultUserRolePermissions: { allowedToCreateApps: false, allowedToCreateTenants: false },
    })
    const consent = member(policy, 'defaultUserRolePermissions', 'permissionGrantPoliciesAssigned') as string[]
    expect(consent.filter((name) => name.startsWith('ManagePermissionGrantsForSelf.'))).toEqual([])
  })

  it('5.1.5.2: somebody is asked for consent', () => {
    expect(object('policies/adminConsentRequestPolicy')).toMatchObject({ isEnabled: true, reviewers: [{}] })
  })

  it('5.1.6.1: guests come from approved domains', () => {
    const [policy = {}] = list('beta/policies/b2bManagementPolicies')
    const definition = JSON.parse(String((policy.definition as string[])[0])) as JsonObject
    expect(member(definition, 'B2BManagementPolicy', 'InvitationsAllowedAndBlockedDomainsPolicy')).toEqual({
      AllowedDomains: inputs.approvedDomains,
      BlockedDomains: [],
    })
  })

  it('5.1.8.1: password hashes are synchronised', () => {
    expect(graph.onPremisesSyncEnabled).toBe(true)
    expect(list('directory/onPremisesSynchronization')).toMatchObject([{ features: { passwordSyncEnabled: true } }])
  })

  it('5.2.3.1, 5.2.3.5, 5.2.3.6: methods of authentication', () => {
    for (const path of ['policies/authenticationMethodsPolicy', 'beta/policies/authenticationMethodsPolicy']) {
      const methods = new Map(
        (object(path).authenticationMethodConfigurations as JsonObject[]).map((row) => [String(row.id), row]),
      )
      for (const weak of ['Sms', 'Voice', 'Email']) expect(methods.get(weak)?.state).toBe('disabled')
      expect(methods.get('MicrosoftAuthenticator')).toMatchObject({
        state: 'enabled',
        includeTargets: [{ id: 'all_users' }],
        featureSettings: {
          displayAppInformationRequiredState: { state: 'enabled', includeTarget: { id: 'all_users' } },
          displayLocationInformationRequiredState: { state: 'enabled', includeTarget: { id: 'all_users' } },
        },
      })
    }
    expect(object('beta/policies/authenticationMethodsPolicy').systemCredentialPreferences).toMatchObject({
      state: 'enabled',
      includeTargets: [{ id: 'all_users' }],
    })
  })

  it('5.2.3.2, 5.2.3.3: banned words, in the cloud and on premises', () => {
    const rules = list('groupSettings').find((row) => row.templateId === '5cf42378-d67d-4f36-ba46-e8b86229381d')
    const values = Object.fromEntries(((rules?.values ?? []) as JsonObject[]).map((pair) => [pair.name, pair.value]))
    expect(values).toMatchObject({
      EnableBannedPasswordCheck: 'True',
      EnableBannedPasswordCheckOnPremises: 'True',
      BannedPasswordCheckOnPremisesMode: 'Enforce',
    })
    expect(values.BannedPasswordList).not.toBe('')
  })
})

describe('conditional access', () => {
  const policies = list('identity/conditionalAccess/policies')
  const everyTime = { signInFrequency: { isEnabled: true, frequencyInterval: 'everyTime' } }
  const all = { applications: { includeApplications: ['All'], excludeApplications: [] } }
  const everybody = { includeUsers: ['All'], includeRoles: [], excludeRoles: [], excludeGroups: [] }
  const admins = { includeRoles: protectedAdminRoles, excludeRoles: [] }
  const open = {
    clientAppTypes: ['all'],
    userRiskLevels: [],
    signInRiskLevels: [],
    platforms: null,
    locations: null,
    devices: null,
    authenticationFlows: null,
    insiderRiskLevels: null,
  }
  const grant = (builtInControls: string[], operator = 'OR') => ({
    grantControls: { operator, builtInControls, termsOfUse: [], authenticationStrength: null },
  })

  it.each<[string, JsonObject, object]>([
    ['5.2.2.1', { ...open, ...all, users: admins }, grant(['mfa'])],
    ['5.2.2.2', { ...open, ...all, users: everybody }, grant(['mfa'])],
    [
      '5.2.2.3',
      { ...open, ...all, users: everybody, clientAppTypes: ['exchangeActiveSync', 'other'] },
      grant(['block']),
    ],
    [
      '5.2.2.4',
      { ...open, ...all, users: admins },
      {
        sessionControls: {
          signInFrequency: { isEnabled: true, value: 4, type: 'hours' },
          persistentBrowser: { isEnabled: true, mode: 'never' },
        },
      },
    ],
    [
      '5.2.2.5',
      { ...open, ...all, users: admins },
      {
        grantControls: {
          builtInControls: [],
          authenticationStrength: {
            allowedCombinations: ['windowsHelloForBusiness', 'fido2', 'x509CertificateMultiFactor'],
          },
        },
      },
    ],
    [
      '5.2.2.6',
      { ...open, ...all, users: everybody, userRiskLevels: ['high'] },
      { ...grant(['mfa', 'passwordChange'], 'AND'), sessionControls: everyTime },
    ],
    [
      '5.2.2.7',
      { ...open, ...all, users: everybody, signInRiskLevels: ['high', 'medium'] },
      { ...grant(['mfa']), sessionControls: everyTime },
    ],
    ['5.2.2.8', { ...open, ...all, users: everybody, signInRiskLevels: ['high', 'medium'] }, grant(['block'])],
    ['5.2.2.9', { ...open, ...all, users: everybody }, grant(['compliantDevice', 'domainJoinedDevice'])],
    [
      '5.2.2.10',
      {
        ...open,
        users: everybody,
        applications: { includeApplications: [], includeUserActions: ['urn:user:registersecurityinfo'] },
      },
      grant(['compliantDevice', 'domainJoinedDevice']),
    ],
    [
      '5.2.2.11',
      {
        ...open,
        users: everybody,
        applications: { includeApplications: ['d4ebce55-015a-49b5-a083-c84d1797ae8c'] },
      },
      { ...grant(['mfa']), sessionControls: everyTime },
    ],
    [
      '5.2.2.12',
      { ...open, ...all, users: everybody, authenticationFlows: { transferMethods: 'deviceCodeFlow' } },
      grant(['block']),
    ],
    [
      '1.3.2 (second half)',
      { ...open, users: everybody, clientAppTypes: ['browser'], applications: { includeApplications: ['Office365'] } },
      { sessionControls: { applicationEnforcedRestrictions: { isEnabled: true } } },
    ],
  ])('%s: one enforced policy says so, without a gap', (_, conditions, controls) => {
    expect(policies).toContainEqual(
      expect.objectContaining(asymmetric({ state: 'enabled', conditions, ...controls }) as Record<string, unknown>),
    )
  })
})

/** Objects match in part at every depth, everything else in full. */
function asymmetric(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, nested(one)]))
}

function nested(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return expect.objectContaining(asymmetric(value) as Record<string, unknown>)
}
