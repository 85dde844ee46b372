/** How a remote run can end, as the process's exit code: for launchers, which see nothing else. */
export const exitCodes = {
  /** Everything was delivered, and the engine ended in order. */
  delivered: 0,
  unexpected: 1,
  /** The arguments or the launch document are wrong; nothing was started. */
  usage: 2,
  /** Everything was delivered, and its last word is that the engine failed. */
  engineFailed: 3,
  /** The receiver does not take this run's messages (signature, content): the spool is kept. */
  refused: 4,
  /** The receiver said that the run is over: cancelled, or another attempt. Nothing is kept. */
  stopped: 5,
  /** The receiver could not be reached: the spool is kept, to be sent later. */
  undelivered: 6,
} as const

/** Ends the sending. `code` is the exit code. */
export class DeliveryEnd extends Error {
  override readonly name = 'DeliveryEnd'
  readonly code: number
  constructor(outcome: 'refused' | 'stopped' | 'undelivered', message: string) {
    super(message)
    this.code = exitCodes[outcome]
  }
}

/** The arguments or the launch document are wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
