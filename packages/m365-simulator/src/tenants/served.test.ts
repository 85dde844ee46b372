import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { builtInTenant, builtInTenantNames, sourceIds, type TenantDocument } from '../index.ts'
import { type TestCertificate, testCertificate } from '../testing/certificate.ts'
import { Client } from '../testing/client.ts'
import { Reader } from '../testing/reader.ts'
import { readSource } from '../testing/sources.ts'

let certificate: TestCertificate
let client: Client | undefined

beforeAll(async () => {
  certificate = await testCertificate()
})

afterEach(async () => {
  await client?.close()
  client = undefined
})

const noP2 = '400 AadPremiumLicenseRequired'
const noReview = '403 NoLicense'
const noDefender = '403 NUL'
/** Nothing is ever said to an application there. */
const always = { 'teams/Get-M365UnifiedTenantSettings': '403 ' }

const pim = (answer: string) =>
  Object.fromEntries(
    ['', 'beta/'].flatMap((version) =>
      [
        'policies/roleManagementPolicyAssignments',
        'policies/roleManagementPolicies/{policyId}/rules/Approval_EndUser_Assignment',
        'roleManagement/directory/roleAssignmentScheduleInstances',
      ].map((name) => [`graph/${version}${name}`, answer]),
    ),
  )
const inBothVersions = (name: string, answer: string) => ({ [`graph/${name}`]: answer, [`graph/beta/${name}`]: answer })
const defender = Object.fromEntries(
  [
    'Get-SafeLinksPolicy',
    'Get-SafeLinksRule',
    'Get-SafeAttachmentPolicy',
    'Get-SafeAttachmentRule',
    'Get-ATPProtectionPolicyRule',
    'Get-AtpPolicyForO365',
    'Get-EmailTenantSettings',
    'Get-TeamsProtectionPolicy',
    'Get-TeamsProtectionPolicyRule',
  ].map((name) => [`exchange/${name}`, noDefender]),
)
const withoutP2 = { ...pim(noP2), ...inBothVersions('identityGovernance/accessReviews/definitions', noReview) }

/** What is refused, by tenant: everything else is answered. */
const refusals: Record<string, Record<string, string>> = {
  fresh: { ...withoutP2, ...defender },
  hardened: {},
  e5: {},
  legacy: {},
  large: {},
  unicode: {},
  'no-licences': {
    ...withoutP2,
    ...defender,
    ...inBothVersions(
      'reports/authenticationMethods/userRegistrationDetails',
      '403 Authentication_RequestFromNonPremiumTenantOrB2CTenant',
    ),
    ...inBothVersions('deviceManagement/settings', '400 Request not applicable to target tenant.'),
    ...inBothVersions(
      'deviceManagement/deviceEnrollmentConfigurations',
      '400 Request not applicable to target tenant.',
    ),
    // Power BI was never set up: there is nothing to sign in to.
    'fabric/tenantSettings': 'no token [500011]',
  },
}

async function answersOf(document: TenantDocument): Promise<Record<string, string>> {
  document.app.certificates.push(certificate.pem)
  client = await Client.start({ tenants: [document] })
  const reader = new Reader(client, document, certificate)
  const found: Record<string, string> = {}
  for (const id of sourceIds) {
    if (id === 'dns/txt') continue
    // Conditional access is read in both versions here, which its limit would refuse.
    if (id === 'graph/beta/identity/conditionalAccess/policies') continue
    const answer = await readSource(reader, document, id).catch((error: unknown) => {
      const [, codes] = /^No token: (.*)$/.exec((error as Error).message) ?? []
      if (codes === undefined) throw error
      return { status: 0, marker: `no token ${codes}` }
    })
    if (answer.status !== 200) found[id] = answer.status === 0 ? answer.marker : `${answer.status} ${answer.marker}`
  }
  return found
}

describe.each(builtInTenantNames)('every source of the %s tenant', (name) => {
  it('is answered, or refused in its service’s own way', async () => {
    expect(await answersOf(builtInTenant(name))).toEqual({ ...always, ...refusals[name] })
  })

  it('of DNS is answered for every name that exists', async () => {
    const document = builtInTenant(name)
    client = await Client.start({ tenants: [document] })
    for (const [asked, answer] of Object.entries(document.dns)) {
      const found = client.simulator.resolveTxt(asked.toUpperCase()).then(
        (records) => records.map((chunks) => chunks.join('')),
        (error: unknown) => (error as { code: string }).code,
      )
      expect(await found).toEqual(Array.isArray(answer) ? (answer.length === 0 ? 'ENODATA' : answer) : answer.error)
    }
  })
})
