import type { StoredCredential } from '../../credentials/credential.ts'
import { emptyCounts, type ScanResult } from '../../results/result.ts'
import type { NewScanEvent, Scan, ScanEvent } from '../../scans/scan.ts'
import type { M365Tenant } from '../../tenants/m365-tenant.ts'
import type { StoredEvidence } from '../storage.ts'

/** A scan with all that hangs on it. */
export interface ScanRecord {
  scan: Scan
  results: Map<string, ScanResult>
  events: ScanEvent[]
  evidence: Map<string, StoredEvidence>
  /** Monotonic milliseconds, so that a jump of the host's clock moves no lease. */
  leaseUntil: number | null
}

/** The memory storage's rows. Everything that changes them runs without an await: one step of the event loop is one transaction. */
export class Tables {
  readonly tenants = new Map<string, M365Tenant>()
  /** By row id of the M365 tenant. */
  readonly credentials = new Map<string, StoredCredential>()
  readonly scans = new Map<string, ScanRecord>()
  readonly growthListeners = new Set<(hint: { scanId: string; sequence: number }) => void>()

  tenant(platformTenantId: string, id: string): M365Tenant | null {
    const tenant = this.tenants.get(id)
    return tenant?.platformTenantId === platformTenantId ? tenant : null
  }

  scan(platformTenantId: string, scanId: string): ScanRecord | null {
    const record = this.scans.get(scanId)
    return record?.scan.platformTenantId === platformTenantId ? record : null
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
