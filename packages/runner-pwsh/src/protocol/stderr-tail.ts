import type { Readable } from 'node:stream'
import type { Redactor } from './redactor.ts'

const keptBytes = 64 * 1024
/** A token is shorter than this. What is cut off at the front of the tail may have been the start of one. */
const longestToken = 8 * 1024

/** Keeps the last 64 KiB of a stream, however much flows. */
export class StderrTail {
  #chunks: Buffer[] = []
  #size = 0
  #cut = false

  constructor(stream: Readable) {
    stream.on('data', (chunk: Buffer) => this.#add(chunk))
  }

  /** The tail as plain text without tokens. */
  text(redactor: Redactor): string {
    const bytes = Buffer.concat(this.#chunks)
    return redactor.text((this.#cut ? bytes.subarray(cleanStart(bytes)) : bytes).toString('utf8')).trim()
  }

  #add(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    while (this.#chunks[0] !== undefined && this.#size - this.#chunks[0].length >= keptBytes) {
      this.#size -= this.#chunks[0].length
      this.#chunks.shift()
      this.#cut = true
    }
  }
}

/** Where the first whole line begins, or a place that is past any token that was cut. */
function cleanStart(bytes: Buffer): number {
  const lineFeed = bytes.indexOf(0x0a)
  return lineFeed !== -1 && lineFeed < longestToken ? lineFeed + 1 : Math.min(longestToken, bytes.length)
}
