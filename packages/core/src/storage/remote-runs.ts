import type { SealedSecret } from '../credentials/credential.ts'
import type { Scan } from '../scans/scan.ts'

/** One attempt of a scan that runs elsewhere, as long as its scan is there. */
export interface RemoteRun {
  platformTenantId: string
  scanId: string
  attempt: number
  /** The key that signs this attempt's messages. */
  sealedKey: SealedSecret
  openedAt: Date
  /** Set when the attempt ended in order. */
  closedAt: Date | null
  lastMessageAt: Date | null
  /** Events taken out of the inbox so far: those numbered below it are known. */
  consumed: number
  /** Messages stored, without those that were known. */
  accepted: number
  /** Messages with a good signature that were refused for what they say. */
  rejected: number
}

/** A message waiting for the worker that has the attempt. */
export interface InboxMessage {
  /** Of the sender; the same for each delivery of one message. */
  id: string
  /** Number of its first event. */
  sequence: number
  /** Where its bytes begin, for a piece of an event that is too large for a message; 0 otherwise. */
  offset: number
  /** Events in it, 0 for a sign of life; a piece counts as 1. */
  events: number
  bytes: number
  /** JSON. */
  body: unknown
}

/**
 * The inboxes of scans that run elsewhere. Across platform tenants, by the scan's id alone, like {@link WorkStore}: for the receiver of signed messages,
 * who has no platform tenant until the signature is checked, and for workers. A run belongs to its scan and goes with it.
 */
export interface RemoteRunStore {
  /**
   * Opens the inbox of an attempt, in place of any earlier attempt's, whose key and messages are gone then. false, and nothing changed, unless the scan
   * is running under this very attempt.
   */
  open(params: { scanId: string; attempt: number; sealedKey: SealedSecret; at: Date }): Promise<boolean>
  /** The newest attempt's run and its scan as it is now. null when the scan never ran elsewhere, or is gone. */
  find(params: { scanId: string }): Promise<{ run: RemoteRun; scan: Scan } | null>
  /**
   * Stores a message, in one step. `known`: it is waiting already (same id) or all its events were taken. `full`: more than `maxWaitingBytes` or
   * `maxWaiting` messages would wait; never said of the only message that could be taken next (a sequence up to `consumed`), or it would wait for ever for
   * room that only it can make. `ended`: the scan is not running under this attempt, or its run is closed. Nothing is stored in these cases.
   */
  append(params: {
    scanId: string
    attempt: number
    message: InboxMessage
    at: Date
    maxWaitingBytes: number
    maxWaiting: number
  }): Promise<'stored' | 'known' | 'full' | 'ended'>
  /**
   * Drops the messages of `handled`, sets `consumed`, and gives those that wait, by sequence and offset, ascending. Gives none when the run is not this
   * attempt's or is closed.
   */
  take(params: {
    scanId: string
    attempt: number
    handled: readonly string[]
    consumed: number
    limit: number
  }): Promise<InboxMessage[]>
  /** Counts a message that was refused for what it says. */
  countRejected(params: { scanId: string; attempt: number; at: Date }): Promise<void>
  /** Ends the attempt's run: nothing is taken in any more, what waits is dropped. Idempotent; nothing happens when it is another attempt's. */
  close(params: { scanId: string; attempt: number; consumed: number; at: Date }): Promise<void>
}
