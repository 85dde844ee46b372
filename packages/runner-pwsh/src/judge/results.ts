import {
  type BenchmarkRef,
  type Finding,
  findingSchema,
  type ResultStatus,
  RunnerError,
  resultStatuses,
} from '@tenantscope/core'

export interface EvidenceResult {
  controlId: string
  status: ResultStatus
  /** Why it is neither pass nor fail; null for these. */
  reasonCode: string | null
  /** One plain sentence for the customer. */
  message: string
  findings: Finding[]
  /** The true number of findings when some were left out. */
  findingsTotal: number
}

/** The format `tenantscope-results/1`. */
export interface EvidenceResults {
  format: 'tenantscope-results/1'
  benchmark: BenchmarkRef
  /** One for each control that was asked for. */
  results: EvidenceResult[]
}

const findings = findingSchema.array()

/** Reads results as they stand in a file. Throws RunnerError `runner_output` that names the first place that is wrong. */
export function readResults(text: string): EvidenceResults {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw wrong('it is not JSON')
  }
  const { format, benchmark, results } = members(value, 'it')
  if (format !== 'tenantscope-results/1') throw wrong('format is not tenantscope-results/1')
  const { id, version } = members(benchmark, 'benchmark')
  if (typeof id !== 'string' || typeof version !== 'string') throw wrong('benchmark has no id or version')
  if (!Array.isArray(results)) throw wrong('results is not a list')
  return { format, benchmark: { id, version }, results: results.map(readResult) }
}

function readResult(value: unknown, index: number): EvidenceResult {
  const place = `results[${index}]`
  const line = members(value, place)
  const status = resultStatuses.find((one) => one === line.status)
  if (typeof line.controlId !== 'string' || typeof line.message !== 'string')
    throw wrong(`${place} has no controlId or message`)
  if (status === undefined) throw wrong(`${place}.status is not known`)
  if (line.reasonCode !== null && typeof line.reasonCode !== 'string')
    throw wrong(`${place}.reasonCode is not a text or null`)
  const parsed = findings.safeParse(line.findings)
  if (!parsed.success) throw wrong(`${place}.findings.${parsed.error.issues[0]?.path.map(String).join('.')} is wrong`)
  const total = line.findingsTotal ?? parsed.data.length
  if (typeof total !== 'number' || total < parsed.data.length) throw wrong(`${place}.findingsTotal is wrong`)
  const { controlId, reasonCode, message } = line
  return { controlId, status, reasonCode, message, findings: parsed.data, findingsTotal: total }
}

function members(value: unknown, place: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw wrong(`${place} is not an object`)
}

function wrong(detail: string): RunnerError {
  return new RunnerError('runner_output', `The engine's results are malformed: ${detail}.`)
}
