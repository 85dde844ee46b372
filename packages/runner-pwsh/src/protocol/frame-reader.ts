import { isUtf8 } from 'node:buffer'

const mark = 0x1e
const lineFeed = 0x0a
const carriageReturn = 0x0d

export interface FrameLimits {
  /** Longest line, noise or frame, that is not evidence. Default 1 MiB. */
  lineBytes: number
  /** All that is read in one run without evidence frames. Default 64 MiB. */
  totalBytes: number
  /** Longest evidence frame: the whole data of one source. Default 64 MiB. */
  evidenceBytes: number
  /** All evidence frames of one run. Default 512 MiB. */
  evidenceTotalBytes: number
}

export const defaultFrameLimits: FrameLimits = {
  lineBytes: 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
  evidenceBytes: 64 * 1024 * 1024,
  evidenceTotalBytes: 512 * 1024 * 1024,
}

export type Frame = Readonly<Record<string, unknown>> & { readonly t: string; readonly seq: number }

/** A limit of the output was passed; the message says which. */
export class OutputLimitError extends Error {
  override readonly name = 'OutputLimitError'
}

/** What was read besides good frames. */
export interface ReaderCounts {
  noiseBytes: number
  /** Marked lines that are cut, not UTF-8, or not a JSON object with `t` and `seq`. */
  torn: number
  /** Frames that carry another nonce. */
  foreign: number
}

/**
 * Finds frames (`0x1E nonce space json LF`) in a stream of bytes, anywhere in a line and split in any way. Noise is counted, never kept.
 * Memory is bounded by one frame. JSON never holds a raw 0x1E, so a second mark in a line always begins another frame.
 */
export class FrameReader {
  readonly counts: ReaderCounts = { noiseBytes: 0, torn: 0, foreign: 0 }
  readonly #prefix: Buffer
  readonly #limits: FrameLimits
  readonly #keepEvidence: boolean
  readonly #clean: (text: string) => string
  /** Pieces of the frame that is being read, without its mark; null while reading noise. */
  #pieces: Buffer[] | null = null
  #size = 0
  #trusted = false
  #noiseLine = 0
  #total = 0
  #evidenceTotal = 0

  /** `clean` gets the JSON text of each frame before it is read: the place to take out what must not get any further. */
  constructor(params: { nonce: string; limits: FrameLimits; keepEvidence: boolean; clean?: (text: string) => string }) {
    this.#prefix = Buffer.from(`${params.nonce} `)
    this.#limits = params.limits
    this.#keepEvidence = params.keepEvidence
    this.#clean = params.clean ?? ((text) => text)
  }

  /** The frames that `chunk` completes. Throws OutputLimitError. */
  *feed(chunk: Buffer): Generator<{ frame: Frame; bytes: number }> {
    let at = 0
    while (at < chunk.length) {
      if (this.#pieces === null) {
        const start = chunk.indexOf(mark, at)
        this.#addNoise(chunk.subarray(at, start === -1 ? chunk.length : start))
        if (start === -1) return
        this.#begin()
        at = start + 1
        continue
      }
      const end = endOfFrame(chunk, at)
      this.#addPiece(chunk.subarray(at, end === -1 ? chunk.length : end))
      if (end === -1) return
      const done = this.#finish()
      if (done !== null) yield done
      if (chunk[end] === mark) this.#begin()
      at = end + 1
    }
  }

  /** Says that the stream ended: a frame without its line feed is torn. */
  end(): void {
    if (this.#pieces !== null && this.#trusted) this.counts.torn++
    this.#pieces = null
  }

  #begin(): void {
    this.#pieces = []
    this.#size = 0
    this.#trusted = false
  }

  #addNoise(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.counts.noiseBytes += bytes.length
    this.#countTotal(bytes.length)
    const last = bytes.lastIndexOf(lineFeed)
    const first = bytes.indexOf(lineFeed)
    const longest = Math.max(this.#noiseLine + (first === -1 ? bytes.length : first), bytes.length - last - 1)
    if (longest > this.#limits.lineBytes)
      throw new OutputLimitError(`a line of more than ${this.#limits.lineBytes} bytes`)
    this.#noiseLine = last === -1 ? this.#noiseLine + bytes.length : bytes.length - last - 1
  }

  #addPiece(bytes: Buffer): void {
    if (this.#pieces === null) return
    this.#pieces.push(bytes)
    this.#size += bytes.length
    if (!this.#trusted && this.#size >= this.#prefix.length) this.#checkNonce()
    const limit = this.#trusted && this.#keepEvidence ? this.#limits.evidenceBytes : this.#limits.lineBytes
    if (this.#size > limit) throw new OutputLimitError(`a frame of more than ${limit} bytes`)
  }

  /** Drops a frame with a foreign nonce as soon as that is seen, before it can fill memory. */
  #checkNonce(): void {
    const pieces = this.#pieces
    if (pieces === null) return
    const start = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
    if (start.subarray(0, this.#prefix.length).equals(this.#prefix)) {
      this.#trusted = true
      return
    }
    this.counts.foreign++
    this.#pieces = null
    this.#noiseLine = 0
    this.#addNoise(start)
  }

  #finish(): { frame: Frame; bytes: number } | null {
    const pieces = this.#pieces
    this.#pieces = null
    this.#noiseLine = 0
    if (pieces === null) return null
    if (!this.#trusted) {
      this.counts.noiseBytes += this.#size
      this.#countTotal(this.#size)
      return null
    }
    const frame = parseFrame(Buffer.concat(pieces).subarray(this.#prefix.length), this.#clean)
    // What cannot be read may have been evidence: it counts as such where evidence is expected.
    if (frame?.t === 'evidence' || (frame === null && this.#keepEvidence)) this.#countEvidence()
    else this.#countOther()
    if (frame === null) {
      this.counts.torn++
      return null
    }
    return { frame, bytes: this.#size }
  }

  #countEvidence(): void {
    this.#evidenceTotal += this.#size
    const limit = this.#limits.evidenceTotalBytes
    if (this.#evidenceTotal > limit) throw new OutputLimitError(`more than ${limit} bytes of evidence`)
  }

  #countOther(): void {
    this.#countTotal(this.#size)
    const limit = this.#limits.lineBytes
    if (this.#size > limit) throw new OutputLimitError(`a frame of more than ${limit} bytes`)
  }

  #countTotal(bytes: number): void {
    this.#total += bytes
    if (this.#total > this.#limits.totalBytes) throw new OutputLimitError(`more than ${this.#limits.totalBytes} bytes`)
  }
}

function endOfFrame(chunk: Buffer, from: number): number {
  const end = chunk.indexOf(lineFeed, from)
  const next = chunk.subarray(from, end === -1 ? chunk.length : end).indexOf(mark)
  return next === -1 ? end : from + next
}

function parseFrame(bytes: Buffer, clean: (text: string) => string): Frame | null {
  const text = bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes
  // Replacement characters would change evidence silently: such a frame counts as torn.
  if (!isUtf8(text)) return null
  try {
    const value: unknown = JSON.parse(clean(text.toString('utf8')))
    return isFrame(value) ? value : null
  } catch {
    return null
  }
}

function isFrame(value: unknown): value is Frame {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { t, seq } = value as { t?: unknown; seq?: unknown }
  return typeof t === 'string' && typeof seq === 'number' && Number.isSafeInteger(seq)
}
