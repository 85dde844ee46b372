import { InvalidInputError } from '../errors/errors.ts'

/**
 * A spool is JSON lines: first `{"format":"tenantscope-spool/1","scan_id":…,"attempt":…}`, then one line `{"n":<number of the event>,"event":{…}}` each.
 * A line that was torn by a crash is the last one and is left out: its event was never counted as sent.
 */
export const spoolFormat = 'tenantscope-spool/1'

/** No line of an honest spool is longer: an event of 64 MiB and its number. */
const longestLine = 65 * 1024 * 1024

export interface SpooledEvent {
  number: number
  event: unknown
  bytes: number
}

/** The events of a spool, checked to be of this attempt of this scan. Throws InvalidInputError. */
export async function* spooledEvents(
  chunks: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
  expected: { scanId: string; attempt: number },
): AsyncGenerator<SpooledEvent, void> {
  let first = true
  for await (const line of wholeLines(chunks)) {
    const value = parseLine(line)
    if (first) {
      first = false
      if (value.format !== spoolFormat) throw wrong('is not a spool of tenantscope-run.')
      if (value.scan_id !== expected.scanId || value.attempt !== expected.attempt)
        throw wrong('is the spool of another scan, or of another attempt.')
    } else {
      const { n, event } = value
      if (typeof n !== 'number' || !Number.isSafeInteger(n) || n < 0) throw wrong('has a line without a number.')
      yield { number: n, event, bytes: line.length }
    }
  }
  if (first) throw wrong('is empty.')
}

async function* wholeLines(
  chunks: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8')
  let rest = ''
  for await (const chunk of chunks) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > longestLine) throw wrong('has a line that is too long.')
    for (const line of lines) if (line.trim() !== '') yield line
  }
}

function parseLine(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Told below: the parser's own words quote the line.
  }
  throw wrong('has a line that is not a JSON object.')
}

function wrong(detail: string): InvalidInputError {
  return new InvalidInputError([{ pointer: '/spool', detail }])
}
