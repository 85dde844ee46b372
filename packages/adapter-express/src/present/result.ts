import type { Benchmark, Control, ResultStatus, ScanEvent, ScanResult } from '@tenantscope/core'
import type * as z from 'zod'
import type {
  benchmarkWireSchema,
  checkEventSchema,
  controlWireSchema,
  resultSchema,
  resultWireStatuses,
  wholeResultSchema,
} from '../schemas/scan.ts'

type WireStatus = (typeof resultWireStatuses)[number]

const wire: Readonly<Record<ResultStatus, readonly [WireStatus, number]>> = {
  pass: ['Pass', 1],
  manual: ['Manual', 2],
  fail: ['Fail', 3],
  error: ['Error', 3],
  not_applicable: ['NotApplicable', 4],
  not_run: ['NotRun', 5],
}

export function resultStatusFromWire(status: WireStatus): ResultStatus {
  const found = (Object.keys(wire) as ResultStatus[]).find((key) => wire[key][0] === status)
  if (found === undefined) throw new RangeError('The result status is not one of the schema.')
  return found
}

/** What a result and the event of its arrival have in common. */
interface Judged {
  controlId: string
  status: ResultStatus
  reasonCode: string | null
  message: string
  findingsTotal: number
  durationMs: number | null
}

function presentJudged(judged: Judged, control: Control | undefined): z.output<typeof checkEventSchema> {
  const [status, statusId] = wire[judged.status]
  return {
    check_id: judged.controlId,
    title: control?.title ?? null,
    category: control?.level ?? null,
    section: control?.section ?? null,
    severity: control?.severity ?? null,
    status,
    status_id: statusId,
    reason_code: judged.reasonCode,
    message: judged.message,
    error: judged.status === 'error' ? judged.message : null,
    duration: judged.durationMs === null ? null : judged.durationMs / 1000,
    details_total: judged.findingsTotal,
  }
}

export function presentCheckEvent(event: ScanEvent, control: Control | undefined): z.output<typeof checkEventSchema> {
  return presentJudged(event.data as unknown as Judged, control)
}

/** `maxDetails` bounds the rows of a list; `details_total` keeps the true number. */
export function presentResult(
  result: ScanResult,
  control: Control | undefined,
  maxDetails: number,
): z.output<typeof resultSchema> {
  return {
    scan_id: result.scanId,
    m365_tenant_id: result.m365TenantId,
    tech_type: 'M365',
    ...presentJudged(result, control),
    start_time: result.startedAt?.toISOString() ?? null,
    end_time: result.completedAt.toISOString(),
    details: result.findings.slice(0, maxDetails).map((finding) => ({
      ResourceName: finding.resourceName,
      Property: finding.property,
      IsCompliant: finding.compliant,
      Expected: finding.expected ?? null,
      Actual: finding.actual ?? null,
      ResourceId: finding.resourceId,
    })),
  }
}

export function presentWholeResult(
  result: ScanResult,
  control: Control | undefined,
): z.output<typeof wholeResultSchema> {
  return {
    ...presentResult(result, control, Number.POSITIVE_INFINITY),
    control: control ? presentControl(control) : null,
  }
}

export function presentControl(control: Control): z.output<typeof controlWireSchema> {
  const { id, manualSteps, ...same } = control
  return { control: id, manual_steps: manualSteps, ...same }
}

export function presentBenchmark(benchmark: Benchmark): z.output<typeof benchmarkWireSchema> {
  const { id, version, name, released, controls, inputs } = benchmark
  return { id, version, name, released, total_controls: controls.length, inputs }
}
