import type { AuditEntry } from '@tenantscope/core'
import type * as z from 'zod'
import { auditEntrySchema, auditList } from '../schemas/audit.ts'
import { pageOf } from '../schemas/common.ts'
import { given } from './given.ts'
import { defineRoute, type Route } from './route.ts'

export const auditRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/audit',
    action: 'audit.list',
    summary: 'Who did what, newest first',
    description:
      'One entry per write, stored together with it. Entries cannot be changed and outlive what they tell of.',
    subject: { type: 'audit_log' },
    query: auditList,
    pointers: { '/resourceType': '/resource_type', '/resourceId': '/resource_id' },
    responses: { 200: { description: 'A page', schema: pageOf(auditEntrySchema) } },
    handle: async ({ scope, query }) => {
      const { resource_type: resourceType, resource_id: resourceId, action, actor, since, cursor, limit } = query
      const page = await scope.audit.list(
        given({
          resourceType,
          resourceId,
          action,
          actor,
          since: since === undefined ? undefined : new Date(since),
          cursor,
          limit,
        }),
      )
      return { status: 200, body: { ...page, data: page.data.map(present) } }
    },
  }),
]

function present(entry: AuditEntry): z.output<typeof auditEntrySchema> {
  const { id, at, actor, action, resource, requestId, detail } = entry
  return { id, at: at.toISOString(), actor, action, resource, request_id: requestId, detail }
}
