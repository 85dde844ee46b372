import type { BenchmarkRef, Level, Profile } from '../benchmarks/benchmark.ts'
import type { QueueEntry } from '../queue/queue.ts'
import type { ResultCounts } from '../results/result.ts'

export const scanStatuses = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const
export type ScanStatus = (typeof scanStatuses)[number]
export type TerminalScanStatus = Extract<ScanStatus, 'completed' | 'failed' | 'cancelled'>
export type FailureReason = 'timed_out' | 'worker_lost' | 'runner_error' | 'sign_in_failed' | 'poison'

export interface ScanOptions {
  level: Level | null
  profile: Profile | null
  /** As asked for; null means every control that level and profile leave. */
  controlIds: string[] | null
  outputFormat: string | null
}

/** One run of a benchmark against an M365 tenant. The stored row is the truth of its state. */
export interface Scan {
  id: string
  platformTenantId: string
  /** Row id of the M365 tenant. */
  m365TenantId: string
  benchmark: BenchmarkRef
  options: ScanOptions
  /** Control ids in benchmark order; fixed when the scan is started. */
  plannedControls: string[]
  status: ScanStatus
  /** 0 until a worker claims it, then 1, 2, 3. Everything a worker writes carries it. */
  attempt: number
  workerId: string | null
  leaseExpiresAt: Date | null
  cancelRequestedAt: Date | null
  /** Counts of the stored results, kept equal to them by storage. */
  counts: ResultCounts
  /** The control finished last. */
  currentControl: string | null
  failureReason: FailureReason | null
  errorMessage: string | null
  /** Sequence of the newest event; 0 before the first. */
  lastSequence: number
  createdAt: Date
  createdBy: string
  /** When the first attempt began. */
  startedAt: Date | null
  completedAt: Date | null
}

export type ScanEventType =
  | 'scan.pending'
  | 'scan.running'
  | 'scan.requeued'
  | 'scan.progress'
  | 'source.read'
  | 'check.finished'
  | 'scan.completed'
  | 'scan.failed'
  | 'scan.cancelled'

/** One entry of a scan's event log. Sequences of one scan are 1, 2, 3 … without a gap. */
export interface ScanEvent {
  scanId: string
  sequence: number
  type: ScanEventType
  attempt: number
  at: Date
  /** JSON; its shape depends on `type`. */
  data: Record<string, unknown>
}

/** An event before storage has given it a sequence. */
export type NewScanEvent = Pick<ScanEvent, 'type' | 'at' | 'data'>

export function entryOf(scan: Scan): QueueEntry {
  return { platformTenantId: scan.platformTenantId, m365TenantId: scan.m365TenantId, scanId: scan.id }
}
