import type { BenchmarkRef } from '../benchmarks/benchmark.ts'
import type { Page } from '../paging/page.ts'
import type { ScanOptions } from '../scans/scan.ts'
import type { AuditEntry } from './audit.ts'

/** When scans of an M365 tenant are to be started. It goes with its M365 tenant. */
export interface Schedule {
  id: string
  platformTenantId: string
  /** Row id. */
  m365TenantId: string
  /** Cron expression, read in `timeZone`. */
  cron: string
  /** IANA name, e.g. `Europe/Vienna`. */
  timeZone: string
  benchmark: BenchmarkRef
  options: ScanOptions
  enabled: boolean
  /** null: not worked out, or never again. */
  nextRunAt: Date | null
  lastRunAt: Date | null
  /** The scan that it started last; that scan may be gone. */
  lastScanId: string | null
  createdAt: Date
  updatedAt: Date
  createdBy: string
  updatedBy: string
}

export interface SchedulePatch {
  cron?: string
  timeZone?: string
  benchmark?: BenchmarkRef
  options?: ScanOptions
  enabled?: boolean
  nextRunAt?: Date | null
  lastRunAt?: Date | null
  lastScanId?: string | null
  updatedAt: Date
  updatedBy: string
}

export interface ScheduleStore {
  /** null when the platform tenant has no such M365 tenant. */
  insert(params: { schedule: Schedule; audit?: AuditEntry | null }): Promise<Schedule | null>
  get(params: { platformTenantId: string; id: string }): Promise<Schedule | null>
  /** Newest first. Each filter that is null matches all. */
  list(params: {
    platformTenantId: string
    m365TenantId: string | null
    enabled: boolean | null
    cursor: string | null
    limit: number
  }): Promise<Page<Schedule>>
  /** Absent fields stay. null when there is none. */
  update(params: {
    platformTenantId: string
    id: string
    patch: SchedulePatch
    audit?: AuditEntry | null
  }): Promise<Schedule | null>
  /** false when there is none. */
  delete(params: { platformTenantId: string; id: string; audit?: AuditEntry | null }): Promise<boolean>
}
