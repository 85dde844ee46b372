import type { ScheduleStore } from '../schedules.ts'
import { newestPage } from './keyset.ts'
import { step, type Tables } from './tables.ts'

export function memoryScheduleStore(tables: Tables): ScheduleStore {
  return {
    insert: ({ schedule, audit }) =>
      step(() => {
        const { platformTenantId, m365TenantId } = schedule
        if (!tables.tenant(platformTenantId, m365TenantId)) return null
        tables.addAudit(platformTenantId, audit)
        tables.schedules.set(schedule.id, structuredClone(schedule))
        return schedule
      }),
    get: ({ platformTenantId, id }) => step(() => tables.own(tables.schedules, platformTenantId, id)),
    list: ({ platformTenantId, m365TenantId, enabled, cursor, limit }) =>
      step(() => {
        const rows = [...tables.schedules.values()]
          .filter((one) => one.platformTenantId === platformTenantId)
          .filter((one) => m365TenantId === null || one.m365TenantId === m365TenantId)
          .filter((one) => enabled === null || one.enabled === enabled)
        return newestPage(rows, cursor, limit)
      }),
    update: (write) => step(() => tables.update(tables.schedules, write)),
    delete: (write) => step(() => tables.remove(tables.schedules, write)),
  }
}
