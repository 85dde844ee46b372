import type { ExceptionStore } from '../exceptions.ts'
import { newestPage } from './keyset.ts'
import { step, type Tables } from './tables.ts'

export function memoryExceptionStore(tables: Tables): ExceptionStore {
  const own = (platformTenantId: string, id: string) => {
    const exception = tables.exceptions.get(id)
    return exception?.platformTenantId === platformTenantId ? exception : null
  }
  return {
    insert: ({ exception, audit }) =>
      step(() => {
        const { platformTenantId, m365TenantId } = exception
        if (m365TenantId !== null && !tables.tenant(platformTenantId, m365TenantId)) return null
        tables.addAudit(platformTenantId, audit)
        tables.exceptions.set(exception.id, structuredClone(exception))
        return exception
      }),
    get: ({ platformTenantId, id }) => step(() => own(platformTenantId, id)),
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
    update: ({ platformTenantId, id, patch, audit }) =>
      step(() => {
        const exception = own(platformTenantId, id)
        if (!exception) return null
        tables.addAudit(platformTenantId, audit)
        return Object.assign(exception, structuredClone(patch))
      }),
    delete: ({ platformTenantId, id, audit }) =>
      step(() => {
        if (!own(platformTenantId, id)) return false
        tables.addAudit(platformTenantId, audit)
        return tables.exceptions.delete(id)
      }),
  }
}
