import { type ResultCounts, type ResultStatus, resultStatuses } from './result.ts'

/** The score of a scan, never without its denominators. */
export interface Score {
  pass: number
  fail: number
  /** pass + fail: what the score is out of. */
  judged: number
  /** Controls the scan set out to judge. */
  planned: number
  /** pass / judged, 0 to 1; null when nothing was judged. */
  score: number | null
  /** judged / planned, 0 to 1; 0 when nothing was planned. */
  coverage: number
  /** Why the rest was not judged, by status. Includes planned controls that have no result yet, as `not_run`. */
  notJudged: Record<Exclude<ResultStatus, 'pass' | 'fail'>, number>
}

export function scoreOf(counts: ResultCounts, planned: number): Score {
  const { pass, fail, manual, not_applicable, error } = counts
  const judged = pass + fail
  const stored = resultStatuses.reduce((sum, status) => sum + counts[status], 0)
  return {
    pass,
    fail,
    judged,
    planned,
    score: judged === 0 ? null : pass / judged,
    coverage: planned === 0 ? 0 : judged / planned,
    notJudged: { manual, not_applicable, error, not_run: counts.not_run + Math.max(0, planned - stored) },
  }
}
