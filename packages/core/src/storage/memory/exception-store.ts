import type { ExceptionStore } from '../exceptions.ts'
import { newestPage } from './keyset.ts'
import { step, type Tables } from './tables.ts'

export function memoryExceptionStore(tables: Tables): ExceptionStore {
  return {
    insert: ({ exception, audit }) =>
      step(() => {
        const { platformTenantId, m365TenantId } = exception
        if (m365TenantId !== null && !tables.tenant(platformTenantId, m365TenantId)) return null
        tables.addAudit(platformTenantId, audit)
        tables.exceptions.set(exception.id, structuredClone(exception))
        return exception
      }),
    get: ({ platformTenantId, id }) => step(() => tables.own(tables.exceptions, platformTenantId, id)),
    list: ({ platformTenantId, m365TenantId, benchmarkId, controlId, validAt, cursor, limit }) =>
      step(() => {
        const rows = [...tables.exceptions.values()]
          .filter((one) => one.platformTenantId === platformTenantId)
          .filter((one) => m365TenantId === null || one.m365TenantId === null || one.m365TenantId === m365TenantId)
          .filter((one) => benchmarkId === null || one.benchmarkId === benchmarkId)
          .filter((one) => controlId === null || one.controlId === controlId)
          .filter((one) => validAt === null || one.expiresAt > validAt)
        return newestPage(rows, cursor, limit)
      }),
    update: (write) => step(() => tables.update(tables.exceptions, write)),
    delete: (write) => step(() => tables.remove(tables.exceptions, write)),
  }
}
