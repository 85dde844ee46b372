import * as z from 'zod'

export const resultStatuses = ['pass', 'fail', 'manual', 'not_applicable', 'error', 'not_run'] as const
export type ResultStatus = (typeof resultStatuses)[number]
export type ResultCounts = Record<ResultStatus, number>

export const findingSchema = z.object({
  resourceId: z.string(),
  resourceName: z.string(),
  property: z.string(),
  expected: z.unknown(),
  actual: z.unknown(),
  compliant: z.boolean(),
})
/** One row of a result: a resource, the property, what was expected, what was found. */
export type Finding = z.infer<typeof findingSchema>

/** The stored outcome of one control in one scan. Unique per (scan, control); a later attempt's outcome replaces an earlier one. */
export interface ScanResult {
  scanId: string
  platformTenantId: string
  /** Row id of the M365 tenant. */
  m365TenantId: string
  controlId: string
  status: ResultStatus
  /** Why it is neither pass nor fail, e.g. `permission_missing`; null for pass and fail. */
  reasonCode: string | null
  /** One plain sentence for the customer. */
  message: string
  /** At most 1,000 rows; `findingsTotal` has the true number. */
  findings: Finding[]
  findingsTotal: number
  /** The attempt that found it. */
  attempt: number
  startedAt: Date | null
  completedAt: Date
  durationMs: number | null
}

export function emptyCounts(): ResultCounts {
  return { pass: 0, fail: 0, manual: 0, not_applicable: 0, error: 0, not_run: 0 }
}
