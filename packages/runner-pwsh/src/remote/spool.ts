import { type FileHandle, mkdir, mkdtemp, open, readdir, rm, rmdir, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { spoolFormat } from '@tenantscope/core'

const prefix = 'tenantscope-run-'
/** What nobody sent or removed for this long is removed. */
const keptMs = 7 * 24 * 60 * 60 * 1000

interface Line {
  /** Where the event's JSON begins in the file, and its bytes. */
  start: number
  length: number
}

export interface SpoolBatch {
  /** Number of the first event. */
  sequence: number
  /** JSON texts of whole events. */
  events: string[]
}

/**
 * The events of a run on their way: each lies in a file (JSON lines, mode 0600, in a folder of mode 0700) from before it is sent until the receiver has it.
 * So memory stays small however long the receiver is away, and what could not be sent survives the process. No token and no key is ever in it.
 */
export class Spool {
  readonly path: string
  readonly #folder: { path: string; ours: boolean }
  readonly #file: FileHandle
  readonly #headerBytes: number
  /** Those not acknowledged yet; the first has the number `#acknowledged`. */
  #lines: Line[] = []
  #acknowledged = 0
  #end: number
  #writing: Promise<void> = Promise.resolve()

  private constructor(folder: Spool['path'], ours: boolean, filePath: string, file: FileHandle, headerBytes: number) {
    this.path = filePath
    this.#folder = { path: folder, ours }
    this.#file = file
    this.#headerBytes = headerBytes
    this.#end = headerBytes
  }

  /** In `folder`, or in a new private one under the temporary folder. */
  static async create(params: { folder: string | null; scanId: string; attempt: number }): Promise<Spool> {
    const { scanId, attempt } = params
    if (params.folder === null) await sweep(os.tmpdir())
    const folder = params.folder ?? (await mkdtemp(path.join(os.tmpdir(), prefix)))
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const name = `${scanId.replace(/[^\w-]/g, '_')}-${attempt}.jsonl`
    const file = await open(path.join(folder, name), 'wx+', 0o600)
    const header = `${JSON.stringify({ format: spoolFormat, scan_id: scanId, attempt })}\n`
    await file.write(header, 0, 'utf8')
    return new Spool(folder, params.folder === null, path.join(folder, name), file, Buffer.byteLength(header))
  }

  /** One that an earlier process left. `hasDone`: its run had ended. Throws when it is not the spool of this attempt. */
  static async reopen(params: {
    path: string
    scanId: string
    attempt: number
  }): Promise<{ spool: Spool; hasDone: boolean }> {
    const file = await open(params.path, 'r+')
    try {
      const bytes = await file.readFile()
      const first = bytes.indexOf(0x0a) + 1
      const header = parse(bytes.subarray(0, first).toString('utf8'))
      if (header?.format !== spoolFormat || header.scan_id !== params.scanId || header.attempt !== params.attempt)
        throw new Error('This is not the spool of the attempt that the launch document names.')
      const spool = new Spool(path.dirname(params.path), false, params.path, file, first)
      const hasDone = spool.#index(bytes, first)
      return { spool, hasDone }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** How many events there were so far, sent or not. */
  get count(): number {
    return this.#acknowledged + this.#lines.length
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0
  }

  /** Resolves when the event is in the file. */
  push(event: object): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const head = `{"n":${this.count},"event":`
      const text = JSON.stringify(event)
      const bytes = Buffer.from(`${head}${text}}\n`, 'utf8')
      for (let written = 0; written < bytes.length; ) {
        const step = await this.#file.write(bytes, written, bytes.length - written, this.#end + written)
        written += step.bytesWritten
      }
      const start = this.#end + Buffer.byteLength(head)
      this.#lines.push({ start, length: Buffer.byteLength(text) })
      this.#end += bytes.length
    })
    return this.#writing
  }

  /** The events that come next, as many as fit into `maxBytes`, or the first one's size when it is larger than that. null: there are none. */
  async peek(maxBytes: number): Promise<SpoolBatch | { sequence: number; oversized: number } | null> {
    const first = this.#lines[0]
    if (!first) return null
    const sequence = this.#acknowledged
    if (first.length > maxBytes) return { sequence, oversized: first.length }
    let size = 0
    let count = 0
    for (const line of this.#lines) {
      size += line.length + 1
      if (count > 0 && (size > maxBytes || count >= 1_000)) break
      count += 1
    }
    const lines = this.#lines.slice(0, count)
    const last = lines.at(-1) as Line
    const region = await this.#read(first.start, last.start + last.length - first.start)
    const events = lines.map(({ start, length }) =>
      region.toString('utf8', start - first.start, start - first.start + length),
    )
    return { sequence, events }
  }

  /** Bytes of the first event. */
  piece(offset: number, length: number): Promise<Buffer> {
    const first = this.#lines[0] as Line
    return this.#read(first.start + offset, Math.min(length, first.length - offset))
  }

  /** The receiver has the first `count` events. */
  async acknowledge(count: number): Promise<void> {
    this.#lines = this.#lines.slice(count)
    this.#acknowledged += count
    if (this.#lines.length > 0) return
    this.#writing = this.#writing.then(async () => {
      if (this.#lines.length > 0) return
      await this.#file.truncate(this.#headerBytes)
      this.#end = this.#headerBytes
    })
    await this.#writing
  }

  /** `keep`: leaves the file for a later try. */
  async close(keep: boolean): Promise<void> {
    await this.#writing.catch(() => {})
    await this.#file.close()
    if (keep) return
    await rm(this.path, { force: true })
    if (this.#folder.ours) await rmdir(this.#folder.path).catch(() => {})
  }

  async #read(position: number, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length)
    const { bytesRead } = await this.#file.read(bytes, 0, length, position)
    if (bytesRead !== length) throw new Error('The spool is shorter than it was written.')
    return bytes
  }

  #index(bytes: Buffer, from: number): boolean {
    let hasDone = false
    for (let start = from; ; ) {
      const end = bytes.indexOf(0x0a, start)
      // A line without its end was torn by a crash: it was never sent, and is written over.
      if (end < 0) return hasDone
      const line = bytes.subarray(start, end)
      const head = /^\{"n":(\d{1,15}),"event":/.exec(line.subarray(0, 40).toString('latin1'))
      if (!head) throw new Error('The spool has a line that is not an event.')
      if (this.#lines.length === 0) this.#acknowledged = Number(head[1])
      if (Number(head[1]) !== this.count) throw new Error('The spool has a gap.')
      this.#lines.push({ start: start + head[0].length, length: line.length - head[0].length - 1 })
      hasDone = line.subarray(head[0].length, head[0].length + 14).toString('latin1') === '{"type":"done"'
      start = end + 1
      this.#end = start
    }
  }
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null
  } catch {
    return null
  }
}

/** Old folders of ours, and of this user, that nobody came back for. */
async function sweep(base: string): Promise<void> {
  const names = await readdir(base).catch(() => [])
  for (const name of names) {
    if (!name.startsWith(prefix)) continue
    const folder = path.join(base, name)
    const found = await stat(folder).catch(() => null)
    if (!found?.isDirectory() || (process.getuid && found.uid !== process.getuid())) continue
    if (Date.now() - found.mtimeMs > keptMs) await rm(folder, { recursive: true, force: true }).catch(() => {})
  }
}
