import { compliance, frontDoor, redirectHost, regionalHost } from '../compliance/compliance.ts'
import { exchange, exchangeHost } from '../exchange/exchange.ts'
import { fabric, fabricHosts } from '../fabric/fabric.ts'
import { Graph, graphHost } from '../graph/graph.ts'
import { adminHost, rootHost, sharepoint } from '../sharepoint/sharepoint.ts'
import { signin, signinHosts } from '../signin/signin.ts'
import { substrateHost, teams, teamsHost } from '../teams/teams.ts'
import type { TenantDocument } from '../tenants/types.ts'
import type { ServiceName } from './knobs.ts'
import type { Service } from './world.ts'

export interface Host {
  name: ServiceName
  serve: Service
}

/** Every host name the simulator answers to, and who answers there. */
export function hostTable(tenants: TenantDocument[]): Map<string, Host> {
  const table = new Map<string, Host>()
  const add = (hosts: (string | undefined)[], name: ServiceName, serve: Service) => {
    for (const host of hosts) if (host !== undefined) table.set(host.toLowerCase(), { name, serve })
  }
  add(signinHosts, 'signin', signin)
  add([graphHost], 'graph', new Graph().handle)
  add([exchangeHost], 'exchange', exchange)
  add(
    [frontDoor, ...tenants.flatMap((tenant) => [regionalHost(tenant), redirectHost(tenant)])],
    'compliance',
    compliance,
  )
  add([teamsHost, substrateHost], 'teams', teams)
  add(
    tenants.flatMap((tenant) => [adminHost(tenant), rootHost(tenant)]),
    'sharepoint',
    sharepoint,
  )
  add(fabricHosts, 'fabric', fabric)
  return table
}
