import type { ScanStatus } from './scan.ts'

/**
 * The scan state machine. Storage guards every change by the current state and the attempt; this table is what it guards by.
 * `running → pending` happens when a lease is lost or given back and attempts remain.
 */
const transitions: Readonly<Record<ScanStatus, readonly ScanStatus[]>> = {
  pending: ['running', 'cancelled'],
  running: ['completed', 'failed', 'cancelled', 'pending'],
  completed: [],
  failed: [],
  cancelled: [],
}

export function canTransition(from: ScanStatus, to: ScanStatus): boolean {
  return transitions[from].includes(to)
}

export function isTerminal(status: ScanStatus): status is 'completed' | 'failed' | 'cancelled' {
  return transitions[status].length === 0
}
