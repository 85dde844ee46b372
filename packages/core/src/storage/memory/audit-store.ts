import type { AuditStore } from '../audit.ts'
import { keysetPage, newestFirst } from './keyset.ts'
import { step, type Tables } from './tables.ts'

export function memoryAuditStore(tables: Tables): AuditStore {
  return {
    list: ({ platformTenantId, resourceType, resourceId, action, actor, since, cursor, limit }) =>
      step(() => {
        const wanted = (filter: string | null, value: string) => filter === null || filter === value
        const rows = tables.audit
          .filter((entry) => entry.platformTenantId === platformTenantId && (since === null || entry.at >= since))
          .filter(({ resource }) => wanted(resourceType, resource.type) && wanted(resourceId, resource.id))
          .filter((entry) => wanted(action, entry.action) && wanted(actor, entry.actor))
          .map((entry) => ({ entry, key: [entry.at.getTime(), entry.id] as [number, string] }))
          .sort((a, b) => newestFirst(a.key, b.key))
        const page = keysetPage({
          rows,
          key: ({ key }) => key,
          keyTypes: ['number', 'string'],
          compare: newestFirst,
          cursor,
          limit,
        })
        return { ...page, data: page.data.map(({ entry }) => entry) }
      }),
  }
}
