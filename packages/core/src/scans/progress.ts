import { resultStatuses } from '../results/result.ts'
import type { NewScanEvent, Scan } from './scan.ts'

/** Stored results over planned controls, 0 to 100, rounded down: 100 only when every planned control has a result. */
export function progressPercentage(scan: Pick<Scan, 'counts' | 'plannedControls'>): number {
  const planned = scan.plannedControls.length
  if (planned === 0) return 0
  const stored = resultStatuses.reduce((sum, status) => sum + scan.counts[status], 0)
  return Math.min(100, Math.floor((stored * 100) / planned))
}

/** The `data` of `scan.progress` and of every event that changes a scan's state. JSON only: adapters store it as it is. */
export function progressData(scan: Scan): Record<string, unknown> {
  return {
    status: scan.status,
    attempt: scan.attempt,
    progressPercentage: progressPercentage(scan),
    currentControl: scan.currentControl,
    totalControls: scan.plannedControls.length,
    counts: { ...scan.counts },
    failureReason: scan.failureReason,
    errorMessage: scan.errorMessage,
    startedAt: scan.startedAt?.toISOString() ?? null,
    completedAt: scan.completedAt?.toISOString() ?? null,
  }
}

export function progressEvent(scan: Scan, at: Date): NewScanEvent {
  return { type: 'scan.progress', at, data: progressData(scan) }
}

/** The event that tells a change of state. `requeued` is pending again after it ran. */
export function stateEvent(scan: Scan, at: Date, requeued = false): NewScanEvent {
  return { type: requeued ? 'scan.requeued' : `scan.${scan.status}`, at, data: progressData(scan) }
}
