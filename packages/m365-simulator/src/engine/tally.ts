import type { RequestRecord } from './answers.ts'

/** What a scan asked, in numbers that its promises can be held to. */
export interface Tally {
  /** HTTP requests, sign-in and pages among them. DNS queries are none. */
  roundTrips: number
  /** Of these, requests for tokens and for what a client needs to know before it asks for one. */
  signIns: number
  /** Sources by how often their first page was answered: a source with objects counts once for each object. */
  reads: Record<string, number>
  /** Single reads (source and what exactly was asked) that were answered more than once. */
  repeated: string[]
  /** Reads by the documented rate limit that counts them, refused ones included. */
  buckets: Record<string, number>
  /** Reads that a documented rate limit refused. */
  limited: number
}

const answered = (status: number) => status !== 0 && status !== 429 && status < 500

export function tally(records: readonly RequestRecord[]): Tally {
  const http = records.filter((record) => record.service !== 'dns')
  const counted: Tally = {
    roundTrips: http.length,
    signIns: http.filter((record) => record.service === 'signin').length,
    reads: {},
    repeated: [],
    buckets: {},
    limited: 0,
  }
  const seen = new Set<string>()
  for (const record of records) {
    if (record.service === 'signin') continue
    for (const read of record.reads) {
      if (read.bucket !== undefined) counted.buckets[read.bucket] = (counted.buckets[read.bucket] ?? 0) + 1
      if (read.limited) counted.limited += 1
      if (read.continuation || read.source === '' || !answered(read.status)) continue
      counted.reads[read.source] = (counted.reads[read.source] ?? 0) + 1
      const exactly = `${record.tenantId ?? ''} ${read.source} ${read.target}`
      if (seen.has(exactly)) counted.repeated.push(`${read.source} ${read.target}`)
      seen.add(exactly)
    }
  }
  return counted
}
