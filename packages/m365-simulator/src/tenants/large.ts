import { baseDocument, type Names, namesFrom, type People } from './fresh.ts'
import { largeGraph } from './large-directory.ts'
import { largeCompliance, largeExchange, largeFabric, largeSites, largeTeams } from './large-workloads.ts'
import { e5Plans } from './licences.ts'
import { type Identity, identityOf, merge } from './merge.ts'
import { numberedUser, type Scale, usualScale } from './numbered.ts'
import type { DirectoryUser, TenantDocument, TenantOverrides } from './types.ts'

const domainCount = 25

const largeNames: Names = {
  name: 'large',
  tenantId: 'd4a7e1c9-62b8-4f05-9c3d-8e7f6a5b4c3d',
  displayName: 'Woodgrove Bank',
  initialDomain: 'woodgrovebank.onmicrosoft.com',
  customDomains: Array.from({ length: domainCount }, (_, index) =>
    index === 0 ? 'woodgrovebank.com' : `branch${index}.woodgrovebank.com`,
  ),
  clientSecret: 'large~tenant.client-secret',
  prefix: 'woodgrovebank',
}

/** The first few of the many, in the parts that the common document is built from. */
function firstPeople(identity: Identity): People {
  const [founder, ...admins] = [0, 1, 2].map((index) => numberedUser(identity, index)) as [
    DirectoryUser,
    ...DirectoryUser[],
  ]
  return { founder, admins, staff: [], guests: [], shared: [] }
}

/**
 * A bank with twenty thousand people, where every list takes more than one page. Made anew at each call and the same
 * each time; `scale` makes it smaller or bigger.
 */
export function largeTenant(overrides: TenantOverrides = {}, scale: Partial<Scale> = {}): TenantDocument {
  const names = namesFrom(largeNames, overrides)
  const identity = identityOf(names, names.prefix)
  const extent = { ...usualScale, ...scale }
  const base = baseDocument(names, identity, firstPeople(identity))
  const graph = largeGraph(base.graph, names, identity, extent)
  const document: TenantDocument = {
    ...base,
    servicePlans: e5Plans,
    graph,
    exchange: { cmdlets: largeExchange(base, identity, graph.users, extent) },
    compliance: { ...base.compliance, cmdlets: largeCompliance(base, identity) },
    teams: { ...base.teams, configurations: largeTeams(base) },
    sharepoint: { ...base.sharepoint, sites: largeSites(base, identity, extent) },
    fabric: { ...base.fabric, settings: largeFabric(base), pageSize: 50 },
  }
  return merge(document, overrides)
}
