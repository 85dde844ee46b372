import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { awkwardNames, type TenantDocument, unicodeTenant } from '../index.ts'
import { testCertificate } from '../testing/certificate.ts'
import { Client, scopes, signedIn } from '../testing/client.ts'
import { Reader } from '../testing/reader.ts'

const names = Object.values(awkwardNames)
let tenant: TenantDocument
let client: Client
let reader: Reader

beforeAll(async () => {
  const certificate = await testCertificate()
  tenant = unicodeTenant({ app: { certificates: [certificate.pem] } })
  client = await Client.start({ tenants: [tenant] })
  reader = new Reader(client, tenant, certificate)
})

afterAll(() => client.close())

describe('awkward names', () => {
  it('are all different, and of every kind', () => {
    expect(new Set(names).size).toBe(names.length)
    expect(awkwardNames.decomposed.normalize('NFC')).toBe(awkwardNames.accents)
    expect([awkwardNames.long.length, awkwardNames.longWide.length]).toEqual([1000, 1000])
    expect(awkwardNames.loneSurrogate.isWellFormed()).toBe(false)
  })

  it('come over the wire as they are, from every service', async () => {
    const graph = await reader.graph('/v1.0/groups?$select=id,displayName&$top=999')
    expect(graph.rows.map((row) => row.displayName)).toEqual(names)
    const policies = await reader.graph('/v1.0/identity/conditionalAccess/policies')
    expect(policies.rows.map((row) => row.displayName)).toEqual(names)
    const links = await reader.cmdlet('Get-SafeLinksPolicy')
    expect(links.rows.map((row) => row.Name).slice(1)).toEqual(names.filter((name) => name !== ''))
    const rules = await reader.cmdlet('Get-TransportRule')
    expect(rules.rows.map((row) => row.Comments)).toEqual(names.filter((name) => name !== ''))
    const meetings = await reader.teams('Get-CsTeamsMeetingPolicy')
    expect(meetings.rows.map((row) => row.Identity)).toEqual(expect.arrayContaining(names.map((name) => `Tag:${name}`)))
    const sites = await reader.sites()
    expect(sites.rows.map((row) => row.Title)).toEqual(expect.arrayContaining(names))
    const alerts = await reader.compliance('Get-ProtectionAlert')
    expect(alerts.rows.map((row) => row.Name)).toEqual(
      expect.arrayContaining([...names, 'Priority account - malware\u200b']),
    )
  })

  it('are UTF-8 on the wire, and half a character is an escape', async () => {
    const signed = await signedIn(client, tenant, scopes.graph)
    const response = await signed('https://graph.microsoft.com/v1.0/groups?$top=999')
    const bytes = Buffer.from(await response.arrayBuffer())
    // No byte sequence that is not UTF-8: the half character went as six plain ones.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    expect(text.includes('half \\ud83d face')).toBe(true)
    expect(text.includes('before\\u0000after')).toBe(true)
    expect(text.includes('株式会社 山田 太郎')).toBe(true)
  })

  it('can be cut off from each other by a filter', async () => {
    const asked = `displayName eq '${awkwardNames.apostrophe.replaceAll("'", "''")}'`
    const found = await reader.graph(`/v1.0/groups?$filter=${encodeURIComponent(asked)}&$select=displayName`)
    expect(found.rows).toEqual([{ displayName: awkwardNames.apostrophe }])
  })

  it('reach the tenant’s own name and its DNS', async () => {
    const organisation = await reader.graph('/v1.0/organization')
    expect(organisation.rows).toMatchObject([{ displayName: tenant.displayName }])
    const records = await client.simulator.resolveTxt(tenant.customDomains[0] ?? '')
    expect(records.map((chunks) => chunks.join(''))).toContain('note=Bücher "quoted" 📚')
    expect(tenant.customDomains.every((name) => name.startsWith('xn--'))).toBe(true)
  })
})
