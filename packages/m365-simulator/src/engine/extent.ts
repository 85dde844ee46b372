import { findBy, transitiveMembers } from '../graph/lookup.ts'
import { routes } from '../graph/routes.ts'
import type { TenantDocument } from '../tenants/types.ts'
import { hasPlan } from './world.ts'

/** How much there is to read: pages that follow each other, and objects that are asked for one by one. */
export interface Extent {
  /** Pages of the longest list: each one is known only from the one before. 0: there is no object to ask for. */
  pages: number
  /** Requests that can be made at the same time. */
  objects: number
}

const mailboxPage = 1000

function pagesOf(rows: number, size: number): number {
  return Math.max(1, Math.ceil(rows / size))
}

function roleMembers(tenant: TenantDocument): string[] {
  return [...new Set(tenant.graph.directoryRoles.flatMap((role) => role.members))]
}

/** Group types are compared as the filter does. */
function groupsOfType(tenant: TenantDocument, type: string): number {
  return tenant.graph.groups.filter((group) => (group.groupTypes as string[]).includes(type)).length
}

function graphExtent(name: string, tenant: TenantDocument): Extent | undefined {
  const { graph } = tenant
  const one = (rows: number, size: number) => ({ pages: pagesOf(rows, size), objects: 1 })
  switch (name) {
    case 'users':
      return one(graph.users.length, 999)
    case 'groups?Unified':
      return one(groupsOfType(tenant, 'Unified'), 999)
    case 'groups?DynamicMembership':
      return one(groupsOfType(tenant, 'DynamicMembership'), 999)
    case 'reports/authenticationMethods/userRegistrationDetails':
      return one(graph.userRegistrationDetails.length, 1000)
    case 'roleManagement/directory/roleAssignmentScheduleInstances':
      return one(graph.roleAssignmentScheduleInstances.length, 999)
    case 'identityGovernance/accessReviews/definitions':
      return one((graph.resources[name] as unknown[]).length, 100)
    case 'directoryRoles/{id}/members': {
      const { directoryRoles: roles } = graph
      const pages = Math.max(0, ...roles.map((role) => pagesOf(role.members.length, 999)))
      return { pages, objects: roles.length }
    }
    case 'groups/{id}/members': {
      const groups = roleMembers(tenant)
        .map((id) => findBy(graph.groups, 'id', id))
        .filter((group) => group !== undefined)
      const sizes = groups.map((group) => pagesOf(transitiveMembers(tenant, group.members).length, 999))
      return { pages: Math.max(0, ...sizes), objects: groups.length }
    }
    case 'users/{id}':
    case 'users/{id}/licenseDetails': {
      const objects = transitiveMembers(tenant, roleMembers(tenant)).filter(
        (id) => findBy(graph.users, 'id', id) !== undefined,
      ).length
      return { pages: Math.min(1, objects), objects }
    }
    case 'users/{id}/authentication/requirements': {
      const objects = graph.users.filter((user) => user.accountEnabled === true).length
      return { pages: Math.min(1, objects), objects }
    }
  }
  return undefined
}

function licensed(id: string, tenant: TenantDocument): boolean {
  const name = id.replace(/^graph\/(beta\/)?/, '')
  const route = routes.find((candidate) => candidate.source === name)
  return route?.licence === undefined || hasPlan(tenant, ...route.licence.plans)
}

export function extentOf(id: string, tenant: TenantDocument | undefined): Extent {
  const single = { pages: 1, objects: 1 }
  // A refusal for want of a licence is one answer.
  if (tenant === undefined || !licensed(id, tenant)) return single
  const rows = (cmdlet: string) => (tenant.exchange.cmdlets[cmdlet] ?? []).length
  switch (id) {
    case 'exchange/Get-EXOMailbox':
      return { pages: pagesOf(rows('Get-Mailbox'), mailboxPage), objects: 1 }
    case 'exchange/Get-MailboxAuditBypassAssociation':
      return { pages: pagesOf(rows('Get-MailboxAuditBypassAssociation'), mailboxPage), objects: 1 }
    case 'sharepoint/sites':
      return { pages: pagesOf(tenant.sharepoint.sites.length, tenant.sharepoint.sitePageSize), objects: 1 }
    case 'fabric/tenantSettings':
      return { pages: pagesOf(tenant.fabric.settings.length, tenant.fabric.pageSize), objects: 1 }
  }
  return (id.startsWith('graph/') ? graphExtent(id.replace(/^graph\/(beta\/)?/, ''), tenant) : undefined) ?? single
}
