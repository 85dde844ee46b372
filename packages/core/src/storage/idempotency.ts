/** What was answered to the first request with a key. */
export interface StoredResponse {
  status: number
  headers: Record<string, string>
  body: string
}

/**
 * Keys that callers give their requests, so that a repeated one is not carried out twice. A key is 1 to 255 characters and belongs to its platform tenant;
 * `fingerprint` tells what was asked, so that a key is not used for something else.
 */
export interface IdempotencyStore {
  /**
   * One atomic step: of several callers at once one gets `new`, and must then `complete` or `abandon`. `in_progress`: somebody else has it, since less than
   * `lockMs` by the backend's clock; after that its process counts as dead, and the next caller gets `new`. `mismatch`: the key was used for another request.
   * `done`: what was answered.
   */
  begin(params: {
    platformTenantId: string
    key: string
    fingerprint: string
    at: Date
    lockMs: number
  }): Promise<
    { kind: 'new' } | { kind: 'in_progress' } | { kind: 'mismatch' } | { kind: 'done'; response: StoredResponse }
  >
  /** Keeps the answer. false when the key is not in progress for this request (any more); what is stored stays then. */
  complete(params: {
    platformTenantId: string
    key: string
    fingerprint: string
    response: StoredResponse
    at: Date
  }): Promise<boolean>
  /** Frees a key in progress: the request failed in a way that may be tried again. Does nothing to one that is done. */
  abandon(params: { platformTenantId: string; key: string; fingerprint: string }): Promise<void>
}
