import type { StoredCredential } from '../../credentials/credential.ts'
import { emptyCounts, type ScanResult } from '../../results/result.ts'
import type { NewScanEvent, Scan, ScanEvent } from '../../scans/scan.ts'
import type { M365Tenant } from '../../tenants/m365-tenant.ts'
import { type AuditEntry, checkAudit } from '../audit.ts'
import type { RiskException } from '../exceptions.ts'
import type { StoredResponse } from '../idempotency.ts'
import type { Schedule } from '../schedules.ts'
import type { StoredEvidence } from '../storage.ts'
import type { WebhookDelivery, WebhookEndpoint } from '../webhook-store.ts'

/** A scan with all that hangs on it. */
export interface ScanRecord {
  scan: Scan
  results: Map<string, ScanResult>
  events: ScanEvent[]
  evidence: Map<string, StoredEvidence>
  /** Monotonic milliseconds, so that a jump of the host's clock moves no lease. */
  leaseUntil: number | null
}

export interface DeliveryRecord {
  delivery: WebhookDelivery
  /** Both in monotonic milliseconds. */
  leaseUntil: number | null
  dueAt: number
}

export interface IdempotencyRecord {
  fingerprint: string
  begunAt: Date
  /** Monotonic milliseconds. */
  lockedUntil: number
  response: StoredResponse | null
}

interface OwnRow {
  id: string
  platformTenantId: string
}

/** Which row of which platform tenant is to be written, and what is told of it. */
interface Write {
  platformTenantId: string
  id: string
  audit?: AuditEntry | null | undefined
}

/** The memory storage's rows. Everything that changes them runs without an await: one step of the event loop is one transaction. */
export class Tables {
  /** The backend's clock for leases and due times. */
  readonly monotonicMs: () => number
  readonly tenants = new Map<string, M365Tenant>()
  /** By row id of the M365 tenant. */
  readonly credentials = new Map<string, StoredCredential>()
  readonly scans = new Map<string, ScanRecord>()
  readonly endpoints = new Map<string, WebhookEndpoint>()
  readonly deliveries = new Map<string, DeliveryRecord>()
  readonly audit: AuditEntry[] = []
  /** By platform tenant and key. */
  readonly idempotencyKeys = new Map<string, IdempotencyRecord>()
  readonly exceptions = new Map<string, RiskException>()
  readonly schedules = new Map<string, Schedule>()
  readonly growthListeners = new Set<(hint: { scanId: string; sequence: number }) => void>()

  constructor(monotonicMs: () => number) {
    this.monotonicMs = monotonicMs
  }

  own<Row extends OwnRow>(rows: ReadonlyMap<string, Row>, platformTenantId: string, id: string): Row | null {
    const row = rows.get(id)
    return row?.platformTenantId === platformTenantId ? row : null
  }

  /** Null when there is none. */
  update<Row extends OwnRow>(rows: ReadonlyMap<string, Row>, write: Write & { patch: Partial<Row> }): Row | null {
    const row = this.own(rows, write.platformTenantId, write.id)
    if (!row) return null
    this.addAudit(write.platformTenantId, write.audit)
    return Object.assign(row, structuredClone(write.patch))
  }

  /** false when there is none. */
  remove<Row extends OwnRow>(rows: Map<string, Row>, { platformTenantId, id, audit }: Write): boolean {
    if (!this.own(rows, platformTenantId, id)) return false
    this.addAudit(platformTenantId, audit)
    return rows.delete(id)
  }

  tenant(platformTenantId: string, id: string): M365Tenant | null {
    return this.own(this.tenants, platformTenantId, id)
  }

  scan(platformTenantId: string, scanId: string): ScanRecord | null {
    const record = this.scans.get(scanId)
    return record?.scan.platformTenantId === platformTenantId ? record : null
  }

  pendingScans(platformTenantId: string): number {
    let count = 0
    for (const { scan } of this.scans.values()) {
      if (scan.platformTenantId === platformTenantId && scan.status === 'pending') count += 1
    }
    return count
  }

  endpoint(platformTenantId: string, id: string): WebhookEndpoint | null {
    return this.own(this.endpoints, platformTenantId, id)
  }

  delivery(platformTenantId: string, id: string): DeliveryRecord | null {
    const record = this.deliveries.get(id)
    return record?.delivery.platformTenantId === platformTenantId ? record : null
  }

  dropDeliveries(which: (delivery: WebhookDelivery) => boolean): void {
    for (const [id, { delivery }] of this.deliveries) if (which(delivery)) this.deliveries.delete(id)
  }

  /** Called before the change that it tells of: it may refuse. */
  addAudit(platformTenantId: string, audit: AuditEntry | null | undefined): void {
    checkAudit(platformTenantId, audit)
    if (audit) this.audit.push(structuredClone(audit))
  }

  append(record: ScanRecord, event: NewScanEvent): void {
    record.scan.lastSequence += 1
    const { lastSequence: sequence, attempt } = record.scan
    record.events.push(structuredClone({ ...event, scanId: record.scan.id, sequence, attempt }))
    for (const listener of this.growthListeners) {
      queueMicrotask(() => listener({ scanId: record.scan.id, sequence }))
    }
  }

  recount(record: ScanRecord): void {
    const counts = emptyCounts()
    for (const result of record.results.values()) counts[result.status] += 1
    record.scan.counts = counts
  }
}

/** Runs a change as one transaction: what it throws becomes a rejected promise. */
export function step<T>(change: () => T): Promise<T> {
  return new Promise((resolve) => resolve(structuredClone(change())))
}
