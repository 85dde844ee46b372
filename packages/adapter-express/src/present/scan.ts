import { progressPercentage, type ResultCounts, type Scan, type ScanEvent, scoreOf } from '@tenantscope/core'
import type * as z from 'zod'
import type { scanProgressSchema, scanSchema } from '../schemas/scan.ts'

type Progress = z.output<typeof scanProgressSchema>

function presentCounts(counts: ResultCounts, planned: number) {
  const { pass, judged, score, coverage, notJudged } = scoreOf(counts, planned)
  return {
    total_checks: planned,
    passed: counts.pass,
    failed: counts.fail,
    errors: counts.error,
    manual: counts.manual,
    not_applicable: counts.not_applicable,
    not_run: counts.not_run,
    score: { value: score, passed: pass, of: judged },
    coverage: { value: coverage, judged, of: planned, not_judged: notJudged },
  }
}

export function presentProgress(scan: Scan): Progress {
  return {
    scan_id: scan.id,
    status: scan.status,
    progress_percentage: progressPercentage(scan),
    current_check: scan.currentControl,
    ...presentCounts(scan.counts, scan.plannedControls.length),
    attempt: scan.attempt,
    failure_reason: scan.failureReason,
    error_message: scan.errorMessage,
    started_at: scan.startedAt?.toISOString() ?? null,
    completed_at: scan.completedAt?.toISOString() ?? null,
  }
}

export function presentScan(scan: Scan): z.output<typeof scanSchema> {
  const { level, profile, controlIds, outputFormat } = scan.options
  return {
    ...presentProgress(scan),
    m365_tenant_id: scan.m365TenantId,
    tech_type: 'M365',
    benchmark: { id: scan.benchmark.id, version: scan.benchmark.version },
    scan_options: { l1_only: level === 'L1', level, profile, check_ids: controlIds, output_format: outputFormat },
    cancel_requested: scan.cancelRequestedAt !== null,
    created_at: scan.createdAt.toISOString(),
    created_by: scan.createdBy,
  }
}

/** What core writes into the `data` of progress and state events (its `progressData`). */
interface ProgressData {
  status: Scan['status']
  attempt: number
  progressPercentage: number
  currentControl: string | null
  totalControls: number
  counts: ResultCounts
  failureReason: Scan['failureReason']
  errorMessage: string | null
  startedAt: string | null
  completedAt: string | null
}

export function presentProgressEvent(event: ScanEvent): Progress {
  const data = event.data as unknown as ProgressData
  return {
    scan_id: event.scanId,
    status: data.status,
    progress_percentage: data.progressPercentage,
    current_check: data.currentControl,
    ...presentCounts(data.counts, data.totalControls),
    attempt: data.attempt,
    failure_reason: data.failureReason,
    error_message: data.errorMessage,
    started_at: data.startedAt,
    completed_at: data.completedAt,
  }
}
