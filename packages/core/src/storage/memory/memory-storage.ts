import type { Storage, StoredEvidence } from '../storage.ts'
import { memoryAuditStore } from './audit-store.ts'
import { memoryExceptionStore } from './exception-store.ts'
import { memoryIdempotencyStore } from './idempotency-store.ts'
import { keysetPage, newestPage } from './keyset.ts'
import { memoryRemoteRunStore } from './remote-run-store.ts'
import { memoryScheduleStore } from './schedule-store.ts'
import { step, Tables } from './tables.ts'
import { memoryWebhookStore } from './webhook-store.ts'
import { endScan, memoryWorkStore } from './work-store.ts'

/**
 * Storage in the process's memory: needs nothing, starts at once, and is gone with the process. For tests, demos and as the reference of the contract.
 * Isolation: every method is one synchronous step, so no caller ever sees half a change.
 */
export function memoryStorage(options: { monotonicMs?: () => number } = {}): Storage {
  const tables = new Tables(options.monotonicMs ?? (() => performance.now()))
  return {
    name: 'memory',
    migrate: async () => {},
    m365Tenants: tenantStore(tables),
    credentials: {
      get: ({ platformTenantId, m365TenantId }) =>
        step(() =>
          tables.tenant(platformTenantId, m365TenantId) ? (tables.credentials.get(m365TenantId) ?? null) : null,
        ),
      put: ({ credential, audit }) =>
        step(() => {
          if (!tables.tenant(credential.platformTenantId, credential.m365TenantId)) return false
          tables.addAudit(credential.platformTenantId, audit)
          tables.credentials.set(credential.m365TenantId, structuredClone(credential))
          return true
        }),
    },
    scans: scanStore(tables),
    results: resultStore(tables),
    events: {
      read: ({ platformTenantId, scanId, after, limit }) =>
        step(() => {
          const events = tables.scan(platformTenantId, scanId)?.events ?? []
          // Sequences are 1, 2, 3 … without a gap, so the one above `after` stands at that index.
          return events.slice(Math.max(0, after), Math.max(0, after) + limit)
        }),
    },
    evidence: {
      list: ({ platformTenantId, scanId }) =>
        step(() => {
          const items: StoredEvidence[] = [...(tables.scan(platformTenantId, scanId)?.evidence.values() ?? [])]
          return items.sort((a, b) => (a.sourceId < b.sourceId ? -1 : 1))
        }),
    },
    webhooks: memoryWebhookStore(tables),
    audit: memoryAuditStore(tables),
    idempotency: memoryIdempotencyStore(tables),
    exceptions: memoryExceptionStore(tables),
    schedules: memoryScheduleStore(tables),
    work: memoryWorkStore(tables),
    remoteRuns: memoryRemoteRunStore(tables),
    listen: async (onGrowth) => {
      tables.growthListeners.add(onGrowth)
      return async () => {
        tables.growthListeners.delete(onGrowth)
      }
    },
    health: async () => ({ ok: true, detail: 'in memory' }),
    close: async () => {
      tables.growthListeners.clear()
    },
  }
}

function tenantStore(tables: Tables): Storage['m365Tenants'] {
  const byGuid = (platformTenantId: string, m365TenantId: string) => {
    for (const tenant of tables.tenants.values()) {
      if (tenant.platformTenantId === platformTenantId && tenant.m365TenantId === m365TenantId) return tenant
    }
    return null
  }
  return {
    insert: ({ tenant, credential, audit }) =>
      step(() => {
        if (byGuid(tenant.platformTenantId, tenant.m365TenantId)) return null
        tables.addAudit(tenant.platformTenantId, audit)
        tables.tenants.set(tenant.id, structuredClone(tenant))
        if (credential) tables.credentials.set(tenant.id, structuredClone(credential))
        return tenant
      }),
    get: ({ platformTenantId, id }) => step(() => tables.tenant(platformTenantId, id)),
    getWithCredential: ({ platformTenantId, id }) =>
      step(() => {
        const tenant = tables.tenant(platformTenantId, id)
        return tenant && { tenant, credential: tables.credentials.get(id) ?? null }
      }),
    getByM365TenantId: ({ platformTenantId, m365TenantId }) => step(() => byGuid(platformTenantId, m365TenantId)),
    list: ({ platformTenantId, status, q, cursor, limit }) =>
      step(() => {
        const needle = q?.toLowerCase() ?? ''
        const rows = [...tables.tenants.values()]
          .filter((t) => t.platformTenantId === platformTenantId && (status === null || t.status === status))
          .filter((t) =>
            [t.name, t.defaultDomain, t.description ?? '', t.m365TenantId].some((s) =>
              s.toLowerCase().includes(needle),
            ),
          )
        return newestPage(rows, cursor, limit)
      }),
    update: (write) => step(() => tables.update(tables.tenants, write)),
    delete: (write) =>
      step(() => {
        const { id } = write
        if (!tables.remove(tables.tenants, write)) return false
        tables.credentials.delete(id)
        for (const [scanId, { scan }] of tables.scans) if (scan.m365TenantId === id) tables.scans.delete(scanId)
        tables.dropDeliveries(({ scanId }) => scanId !== null && !tables.scans.has(scanId))
        for (const rows of [tables.exceptions, tables.schedules]) {
          for (const [key, row] of rows) if (row.m365TenantId === id) rows.delete(key)
        }
        return true
      }),
  }
}

function scanStore(tables: Tables): Storage['scans'] {
  return {
    insert: ({ scan, event, audit, maxPending = null }) =>
      step(() => {
        if (!tables.tenant(scan.platformTenantId, scan.m365TenantId)) return null
        if (maxPending !== null && tables.pendingScans(scan.platformTenantId) >= maxPending) return 'limit_reached'
        tables.addAudit(scan.platformTenantId, audit)
        const record = {
          scan: structuredClone(scan),
          results: new Map(),
          events: [],
          evidence: new Map(),
          leaseUntil: null,
        }
        tables.scans.set(scan.id, record)
        tables.append(record, event)
        return record.scan
      }),
    get: ({ platformTenantId, scanId }) => step(() => tables.scan(platformTenantId, scanId)?.scan ?? null),
    list: ({ platformTenantId, m365TenantId, status, since, cursor, limit }) =>
      step(() => {
        const rows = [...tables.scans.values()]
          .map((record) => record.scan)
          .filter(
            (s) =>
              s.platformTenantId === platformTenantId && (m365TenantId === null || s.m365TenantId === m365TenantId),
          )
          .filter((s) => (status === null || s.status === status) && (since === null || s.createdAt >= since))
        return newestPage(rows, cursor, limit)
      }),
    requestCancel: ({ platformTenantId, scanId, at, notRunMessage, audit }) =>
      step(() => {
        const record = tables.scan(platformTenantId, scanId)
        if (!record) return null
        const { status, cancelRequestedAt } = record.scan
        if (status === 'pending' || (status === 'running' && cancelRequestedAt === null)) {
          tables.addAudit(platformTenantId, audit)
        }
        if (record.scan.status === 'pending') {
          record.scan.cancelRequestedAt = at
          endScan(tables, record, {
            status: 'cancelled',
            at,
            notRun: { reasonCode: 'cancelled', message: notRunMessage },
          })
        } else if (record.scan.status === 'running') {
          record.scan.cancelRequestedAt ??= at
        }
        return record.scan
      }),
  }
}

function resultStore(tables: Tables): Storage['results'] {
  return {
    list: ({ platformTenantId, scanId, status, controlIds, q, cursor, limit }) =>
      step(() => {
        const record = tables.scan(platformTenantId, scanId)
        const planned = record?.scan.plannedControls ?? []
        const position = new Map(planned.map((id, i) => [id, i]))
        const needle = q?.toLowerCase() ?? ''
        const rows = [...(record?.results.values() ?? [])]
          .filter(
            (r) =>
              (status === null || r.status === status) && (controlIds === null || controlIds.includes(r.controlId)),
          )
          .filter((r) => r.controlId.includes(needle) || r.message.toLowerCase().includes(needle))
          .sort((a, b) => (position.get(a.controlId) ?? 0) - (position.get(b.controlId) ?? 0))
        return keysetPage({
          rows,
          key: (r) => [position.get(r.controlId) ?? 0],
          keyTypes: ['number'],
          compare: (a, b) => Number(a[0]) - Number(b[0]),
          cursor,
          limit,
        })
      }),
    get: ({ platformTenantId, scanId, controlId }) =>
      step(() => tables.scan(platformTenantId, scanId)?.results.get(controlId) ?? null),
  }
}
