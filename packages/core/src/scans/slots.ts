import * as os from 'node:os'
import { InvalidInputError } from '../errors/errors.ts'

/** What one scan's PowerShell takes at its peak, with room to spare. */
const bytesPerScan = 200 * 1024 * 1024
/** A scan mostly waits for Microsoft 365, so more than one fits on a core; judging large tenants does not, so not many more. */
const scansPerCore = 2

export interface Machine {
  /** Free for this process: of the machine or, where one is set, of the container's limit. */
  freeBytes: number
  cores: number
}

function thisMachine(): Machine {
  return { freeBytes: process.availableMemory(), cores: os.availableParallelism() }
}

/** How many scans run at once in this process: what the host says, otherwise what memory and cores bear, and never none. */
export function slots(wanted: number | undefined, machine: Machine = thisMachine()): number {
  if (wanted !== undefined) {
    if (Number.isSafeInteger(wanted) && wanted >= 1) return wanted
    throw new InvalidInputError([{ pointer: '/worker/concurrency', detail: 'must be a whole number from 1.' }])
  }
  const { freeBytes, cores } = machine
  return Math.max(1, Math.min(Math.floor(freeBytes / bytesPerScan), scansPerCore * cores))
}
