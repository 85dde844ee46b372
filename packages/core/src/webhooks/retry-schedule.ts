/** The waits that the Standard Webhooks specification suggests. Ten tries within some three days. */
export const standardRetryDelaysMs: readonly number[] = [
  5_000,
  5 * 60_000,
  30 * 60_000,
  2 * 3_600_000,
  5 * 3_600_000,
  10 * 3_600_000,
  14 * 3_600_000,
  20 * 3_600_000,
  24 * 3_600_000,
]

/** A receiver may ask for a longer wait, but not for one that keeps a delivery for ever. */
const longestWaitMs = 24 * 3_600_000

/**
 * How long to wait after this try (1, 2, 3 …) before the next, or null when it was the last. A fifth of randomness keeps the messages that failed together
 * from coming back together. `retryAfterMs` is what the receiver asked for: it can lengthen the wait, never shorten it.
 */
export function nextDelayMs(params: {
  delaysMs: readonly number[]
  attempt: number
  retryAfterMs: number | null
  random: number
}): number | null {
  const { delaysMs, attempt, retryAfterMs, random } = params
  const planned = delaysMs[attempt - 1]
  if (planned === undefined) return null
  return Math.round(Math.max(planned * (1 + random / 5), Math.min(retryAfterMs ?? 0, longestWaitMs)))
}

/** The header `Retry-After`, in seconds or as an HTTP date. Null for anything else. */
export function readRetryAfter(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null
  if (/^\d{1,10}$/.test(header)) return Number(header) * 1_000
  // Date.parse takes far more than dates of HTTP; those have this form.
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(header)) return null
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime())
}
