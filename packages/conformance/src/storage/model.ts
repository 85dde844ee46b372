import { isTerminal, type ResultStatus, type ScanStatus, type TerminalScanStatus } from '@tenantscope/core'

/** One call, or one thing that happens to a worker. `late` is how far the attempt that it names is off: 0 is right, -1 an old attempt, 1 one that is yet to come. */
export type Step =
  | { do: 'insert'; tenant: number }
  | { do: 'claim'; scan: number }
  | { do: 'renew'; scan: number; late: number; stranger: boolean }
  | { do: 'record'; scan: number; late: number; controls: number[]; status: ResultStatus; progress: boolean }
  | { do: 'finish'; scan: number; late: number; status: TerminalScanStatus }
  | { do: 'release'; scan: number; late: number }
  | { do: 'cancel'; scan: number }
  /** The worker falls silent until its lease is over. */
  | { do: 'expire'; scan: number }
  | { do: 'sweep' }

export interface ModelScan {
  tenant: number
  status: ScanStatus
  attempt: number
  cancelRequested: boolean
  leaseOver: boolean
  failureReason: string | null
  results: Map<string, ResultStatus>
  /** Types of the events, in order: the sequence of each is its place. */
  events: string[]
}

export const plannedControls = ['1.1.1', '1.1.3', '1.1.10', '2.1.1'] as const
export const maxAttempts = 3

/**
 * What the contract says of the life of scans, in its shortest form. Every method answers what storage must answer: true or a word for a change, false where
 * the guard refuses. Small on purpose: it has to be right by reading.
 */
export class ScanModel {
  readonly scans: ModelScan[] = []

  insert(tenant: number): void {
    this.scans.push({
      tenant,
      status: 'pending',
      attempt: 0,
      cancelRequested: false,
      leaseOver: false,
      failureReason: null,
      results: new Map(),
      events: ['scan.pending'],
    })
  }

  claim(scan: ModelScan): boolean {
    const sibling = this.scans.some((other) => other.status === 'running' && other.tenant === scan.tenant)
    if (scan.status !== 'pending' || sibling) return false
    Object.assign(scan, { status: 'running', attempt: scan.attempt + 1, leaseOver: false })
    scan.events.push('scan.running')
    return true
  }

  renew(scan: ModelScan, attempt: number, stranger: boolean): 'ok' | 'cancel' | 'lost' {
    if (!owns(scan, attempt) || stranger) return 'lost'
    scan.leaseOver = false
    return scan.cancelRequested ? 'cancel' : 'ok'
  }

  record(scan: ModelScan, attempt: number, step: Extract<Step, { do: 'record' }>): boolean {
    if (!owns(scan, attempt)) return false
    for (const control of step.controls) scan.results.set(controlOf(control), step.status)
    scan.events.push(...step.controls.map(() => 'check.finished'), ...(step.progress ? ['scan.progress'] : []))
    return true
  }

  finish(scan: ModelScan, attempt: number, status: TerminalScanStatus): boolean {
    if (!owns(scan, attempt)) return false
    end(scan, status, status === 'failed' ? 'runner_error' : null)
    return true
  }

  release(scan: ModelScan, attempt: number): boolean {
    if (!owns(scan, attempt)) return false
    requeue(scan)
    return true
  }

  cancel(scan: ModelScan): void {
    if (isTerminal(scan.status)) return
    scan.cancelRequested = true
    if (scan.status === 'pending') end(scan, 'cancelled', null)
  }

  expire(scan: ModelScan): void {
    scan.leaseOver = true
  }

  /** Gives the scans that it changes. */
  sweep(): ModelScan[] {
    const over = this.scans.filter((scan) => scan.status === 'running' && scan.leaseOver)
    for (const scan of over) {
      if (scan.cancelRequested) end(scan, 'cancelled', null)
      else if (scan.attempt < maxAttempts) requeue(scan)
      else end(scan, 'failed', 'poison')
    }
    return over
  }
}

export function controlOf(n: number): string {
  return plannedControls[n % plannedControls.length] ?? plannedControls[0]
}

function owns(scan: ModelScan, attempt: number): boolean {
  return scan.status === 'running' && scan.attempt === attempt
}

function requeue(scan: ModelScan): void {
  Object.assign(scan, { status: 'pending', leaseOver: false })
  scan.events.push('scan.requeued')
}

function end(scan: ModelScan, status: TerminalScanStatus, failureReason: string | null): void {
  Object.assign(scan, { status, failureReason, leaseOver: false })
  for (const control of plannedControls) if (!scan.results.has(control)) scan.results.set(control, 'not_run')
  scan.events.push('scan.progress', `scan.${status}`)
}
