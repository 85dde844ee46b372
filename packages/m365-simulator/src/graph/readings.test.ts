import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { e5Tenant, legacyTenant, noLicencesTenant, type Readings, type TenantDocument } from '../index.ts'
import { type TestCertificate, testCertificate } from '../testing/certificate.ts'
import { Client } from '../testing/client.ts'
import { type Outcome, Reader } from '../testing/reader.ts'

// Each of these answers is one of two or more that public sources make possible. Which is true was never seen.

let certificate: TestCertificate
let client: Client | undefined

beforeAll(async () => {
  certificate = await testCertificate()
})

afterEach(async () => {
  await client?.close()
  client = undefined
})

async function readerOf(document: TenantDocument): Promise<Reader> {
  document.app.certificates.push(certificate.pem)
  await client?.close()
  client = await Client.start({ tenants: [document] })
  return new Reader(client, document, certificate)
}

const unlicensed = (readings: Partial<Readings>) => readerOf(noLicencesTenant({ readings }))
const answer = ({ status, marker, rows, body }: Outcome) => (status === 200 ? [200, rows] : [status, marker || body])

describe('settings of admin centres', () => {
  const names = [
    '/v1.0/admin/sharepoint/settings',
    '/beta/admin/appsAndServices/settings',
    '/beta/admin/forms/settings',
  ]
  const bodies = async (adminSettings: Readings['adminSettings']) => {
    const reader = await readerOf(e5Tenant({ readings: { adminSettings } }))
    return Promise.all(names.map(async (name) => (await reader.graph(name)).body))
  }
  const [sharepoint, apps, forms] = [
    { isLegacyAuthProtocolsEnabled: false },
    { isOfficeStoreEnabled: false },
    { isInOrgFormsPhishingScanEnabled: true },
  ]

  it.each([
    ['flat', [sharepoint, apps, forms]],
    ['value', [{ value: sharepoint }, { value: apps }, { value: forms }]],
    ['settings', [sharepoint, { settings: apps }, { settings: forms }]],
    ['valueSettings', [{ value: sharepoint }, { value: { settings: apps } }, { value: { settings: forms } }]],
  ] as const)('are wrapped as %s says', async (adminSettings, expected) => {
    const found = await bodies(adminSettings)
    for (const [index, body] of found.entries()) {
      expect(body).toMatchObject(expected[index] as object)
      expect(body['@odata.context']).toContain('$metadata#admin/')
      // Nothing stands in two places.
      expect(JSON.stringify(body).match(/isOfficeStoreEnabled|isLegacyAuth|isInOrgForms/g)).toHaveLength(1)
    }
  })

  it('are a member of their parent, which is the documented path', async () => {
    const reader = await readerOf(e5Tenant())
    expect((await reader.graph('/beta/admin/forms')).body).toMatchObject({ settings: forms })
    expect((await reader.graph('/beta/admin/appsAndServices')).body).toMatchObject({ settings: apps })
  })
})

describe('a missing licence', () => {
  it('leaves conditional access empty, or refused', async () => {
    const path = '/v1.0/identity/conditionalAccess/policies'
    expect(answer(await (await unlicensed({})).graph(path))).toEqual([200, []])
    const refused = await unlicensed({ conditionalAccessWithoutP1: 'licenceError' })
    expect(answer(await refused.graph(path))).toEqual([403, 'AadPremiumLicenseRequired'])
  })

  it('of PIM is told under one of two statuses', async () => {
    const path = '/v1.0/roleManagement/directory/roleAssignmentScheduleInstances'
    for (const pimWithoutP2 of [400, 403] as const)
      expect(answer(await (await unlicensed({ pimWithoutP2 })).graph(path))).toEqual([
        pimWithoutP2,
        'AadPremiumLicenseRequired',
      ])
  })

  it('of access reviews is told, looks like a missing permission, or like no review', async () => {
    const path = '/v1.0/identityGovernance/accessReviews/definitions'
    const reading = async (accessReviewsWithoutP2: Readings['accessReviewsWithoutP2']) =>
      answer(await (await unlicensed({ accessReviewsWithoutP2 })).graph(path))
    expect(await reading('noLicense')).toEqual([403, 'NoLicense'])
    expect(await reading('denied')).toEqual([403, 'UnAuthorized'])
    expect(await reading('emptyList')).toEqual([200, []])
  })

  it('of data loss prevention leaves no policy, or is refused without a word', async () => {
    expect(answer(await (await unlicensed({})).compliance('Get-DlpCompliancePolicy'))).toEqual([200, []])
    const refused = await unlicensed({ dlpWithoutLicence: 'denied' })
    expect(answer(await refused.compliance('Get-DlpCompliancePolicy'))).toEqual([403, 'NUL'])
    expect((await refused.compliance('Get-ProtectionAlert')).status).toBe(200)
    const licensed = await readerOf(e5Tenant({ readings: { dlpWithoutLicence: 'denied' } }))
    expect((await licensed.compliance('Get-DlpCompliancePolicy')).status).toBe(200)
  })
})

describe('a missing permission', () => {
  const withNone = (readings: Partial<Readings>) =>
    readerOf(e5Tenant({ readings, app: { appRoles: { graph: ['Sites.Read.All'] } } }))

  it('looks different in each of four workloads', async () => {
    const reader = await withNone({})
    expect(answer(await reader.graph('/v1.0/users'))).toEqual([403, 'Authorization_RequestDenied'])
    expect(answer(await reader.graph('/v1.0/identity/conditionalAccess/policies'))).toEqual([403, 'AccessDenied'])
    const intune = await reader.graph('/v1.0/deviceManagement/settings')
    expect(answer(intune)).toEqual([403, 'Forbidden'])
    const { error } = intune.body as { error: { message: string } }
    expect((JSON.parse(error.message) as { Message: string }).Message).toContain(
      'DeviceManagementConfiguration.Read.All, DeviceManagementConfiguration.ReadWrite.All',
    )
    const pim = await reader.graph('/v1.0/roleManagement/directory/roleAssignmentScheduleInstances')
    expect(answer(pim)).toEqual([403, 'UnknownError'])
    expect(JSON.stringify(pim.body)).toContain('PermissionScopeNotGranted')
  })

  it('may be a bare object at PIM and a 401 at Intune, also inside a batch', async () => {
    const reader = await withNone({ pimDenied: 'bare', intuneDenied: 'unknownError' })
    const [pim, intune] = (
      await reader.batch('v1.0', [
        '/roleManagement/directory/roleAssignmentScheduleInstances',
        '/deviceManagement/settings',
      ])
    ).sort((left, right) => Number(left.id) - Number(right.id))
    expect(pim).toMatchObject({
      status: 403,
      body: { errorCode: 'PermissionScopeNotGranted', instanceAnnotations: [] },
    })
    expect(pim?.body).not.toHaveProperty('error')
    expect(intune).toMatchObject({ status: 401, body: { error: { code: 'UnknownError' } } })
  })
})

describe('directory synchronisation', () => {
  it('is a list of one, an object, or closed to applications', async () => {
    const path = '/v1.0/directory/onPremisesSynchronization'
    const reading = async (onPremisesSynchronization: Readings['onPremisesSynchronization']) =>
      (await readerOf(e5Tenant({ readings: { onPremisesSynchronization } }))).graph(path)
    const features = { passwordSyncEnabled: true }
    expect((await reading('collection')).rows).toMatchObject([{ features }])
    expect((await reading('single')).body).toMatchObject({ features })
    expect(answer(await reading('denied'))).toEqual([403, 'Authorization_RequestDenied'])
  })
})

describe('groups inside groups', () => {
  it('are members one by one, and everything in them once when asked transitively', async () => {
    const document = legacyTenant()
    const reader = await readerOf(document)
    const group = document.graph.groups.find((row) => row.displayName === 'Messaging Team')
    const names = async (kind: string) =>
      (await reader.graph(`/v1.0/groups/${group?.id}/${kind}?$select=id,displayName`)).rows.map(
        (row) => row.displayName,
      )
    expect(await names('members')).toEqual(['Messaging Tier 2', 'Arturo Lopez'])
    // The third holds the first again: it is a member of itself, and the answer ends.
    expect((await names('transitiveMembers')).sort()).toEqual([
      'Arturo Lopez',
      'Bianca Pisani',
      'Domain Admin',
      'Former Admin',
      'Messaging Team',
      'Messaging Tier 2',
      'Messaging Tier 3',
    ])
  })
})
