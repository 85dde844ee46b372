import { baseDocument, type Names, namesFrom } from './fresh.ts'
import { legacyGraph } from './legacy-directory.ts'
import { legacyExchange } from './legacy-exchange.ts'
import { legacyPeople } from './legacy-people.ts'
import { legacyCompliance, legacyFabric, legacySharePoint, legacyTeams } from './legacy-workloads.ts'
import { e5Plans } from './licences.ts'
import { identityOf, merge } from './merge.ts'
import type { TenantDocument, TenantOverrides } from './types.ts'

const legacyNames: Names = {
  name: 'legacy',
  tenantId: '91f4c7d2-0a6b-4d85-8e13-6b5a4f3c2d1e',
  displayName: 'Litware Incorporated',
  initialDomain: 'litwareinc.onmicrosoft.com',
  customDomains: ['litware.com', 'litware.co.uk', 'lucernepublishing.com', 'old.litware.com'],
  clientSecret: 'legacy~tenant.client-secret',
  // The company renamed its SharePoint host: it no longer follows from the initial domain.
  prefix: 'litwaregroup',
}

/** Published by an older provider and by Microsoft's wizard: two records are an error of their own. */
function legacyDns(names: Names): TenantDocument['dns'] {
  const [first, second, third, fourth] = names.customDomains
  const records: [string | undefined, TenantDocument['dns'][string]][] = [
    [
      first,
      [
        'v=spf1 mx ip4:203.0.113.0/24 include:spf.protection.outlook.com ~all',
        'v=spf1 include:spf.mailprovider.example -all',
        'MS=ms98765432',
      ],
    ],
    [first && `_dmarc.${first}`, ['v=DMARC1;p=none;rua=mailto:postmaster@provider.example', 'v=DMARC1; p=reject']],
    // The record lives at a provider and is pulled in.
    [second, ['v=spf1 redirect=_spf.provider.example']],
    ['_spf.provider.example', ['v=spf1 include:spf.protection.outlook.com -all']],
    [second && `_dmarc.${second}`, ['v=DMARC1; p=quarantine; sp=none; rua=mailto:reports@provider.example']],
    // A record longer than one string of 255 bytes.
    [
      third,
      [
        `v=spf1 ${Array.from({ length: 24 }, (_, index) => `ip4:198.51.100.${index * 8}/29`).join(' ')} include:spf.protection.outlook.com -all`,
      ],
    ],
    [third && `_dmarc.${third}`, { error: 'ESERVFAIL' }],
    [fourth, []],
  ]
  const used = records.filter((entry): entry is [string, TenantDocument['dns'][string]] => entry[0] !== undefined)
  return { [names.initialDomain]: ['v=spf1 include:spf.protection.outlook.com -all'], ...Object.fromEntries(used) }
}

/** Fifteen years of administration: everything that was ever possible, and still is. */
export function legacyTenant(overrides: TenantOverrides = {}): TenantDocument {
  const names = namesFrom(legacyNames, overrides)
  const identity = identityOf(names, names.prefix)
  const cast = legacyPeople(identity, names.customDomains)
  const base = baseDocument(names, identity, cast.people)
  const changes: TenantOverrides = {
    servicePlans: [...e5Plans, 'POWERAPPS_O365_P1', 'SWAY'],
    graph: legacyGraph(base.graph, names, identity, cast) as NonNullable<TenantOverrides['graph']>,
    exchange: { cmdlets: legacyExchange(base, identity) },
    compliance: { cmdlets: legacyCompliance(base, identity), region: 'nam12b' },
    teams: { configurations: legacyTeams(base) },
    sharepoint: legacySharePoint(base, identity),
    fabric: { settings: legacyFabric(base), envelope: 'value', pageSize: 5 },
    readings: { adminSettings: 'valueSettings', pimDenied: 'bare', intuneDenied: 'unknownError' },
    dns: { ...Object.fromEntries(Object.keys(base.dns).map((name) => [name, undefined])), ...legacyDns(names) },
  }
  return merge(merge(base, changes), overrides)
}
