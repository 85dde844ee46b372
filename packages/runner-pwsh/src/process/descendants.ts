import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { markerVariable } from './environment.ts'

interface ProcessState {
  pid: number
  /** Clock ticks since boot: tells a process apart from a later one with the same id. */
  startTime: string
  parent: number
  group: number
  dead: boolean
}

/**
 * Finds what belongs to one run on Linux, whatever it did to hide: members of the process group, processes that carry the run's marker in their environment
 * (also after setsid and a double fork), and descendants seen earlier while their parents lived. Other systems have no /proc: there the group is all there is.
 */
export class DescendantWatch {
  readonly #root: number
  readonly #needle: Buffer
  readonly #seen = new Map<number, string>()

  constructor(root: number, marker: string) {
    this.#root = root
    this.#needle = Buffer.from(`${markerVariable}=${marker}`)
  }

  /** Remembers the first process. Call it right after the start, while its id cannot have been given to another process. */
  begin(): void {
    if (process.platform !== 'linux') return
    try {
      const state = parseState(this.#root, readFileSync(`/proc/${this.#root}/stat`, 'latin1'))
      if (state !== null) this.#seen.set(state.pid, state.startTime)
    } catch {
      // It has ended already.
    }
  }

  /** Processes of the run that are alive now; zombies do not count, they only wait for their parent. */
  async alive(): Promise<number[]> {
    if (process.platform !== 'linux') return this.#groupAlive() ? [this.#root] : []
    const all = await listProcesses()
    const members = new Set<number>()
    // Once the first process is gone, its id may name a foreign process and so a foreign group.
    const foreignGroup = all.some((one) => one.pid === this.#root && this.#seen.get(one.pid) !== one.startTime)
    for (const one of all) {
      if (one.pid === process.pid || one.dead) continue
      const known = this.#seen.get(one.pid) === one.startTime
      if (known || (one.group === this.#root && !foreignGroup) || (await this.#isMarked(one.pid))) members.add(one.pid)
    }
    addDescendants(all, members)
    for (const one of all) if (members.has(one.pid)) this.#seen.set(one.pid, one.startTime)
    return [...members]
  }

  /** Sends `signal` to every living process of the run. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    if (process.platform !== 'linux') return
    for (const pid of await this.alive()) {
      try {
        process.kill(pid, signal)
      } catch {
        // It ended between the look and the signal.
      }
    }
  }

  #groupAlive(): boolean {
    if (process.platform === 'win32') return false
    try {
      process.kill(-this.#root, 0)
      return true
    } catch {
      return false
    }
  }

  async #isMarked(pid: number): Promise<boolean> {
    const environment = await readFile(`/proc/${pid}/environ`).catch(() => null)
    return environment?.includes(this.#needle) ?? false
  }
}

/** Adds everything below the members to them. */
function addDescendants(all: readonly ProcessState[], members: Set<number>): void {
  let grew = true
  while (grew) {
    grew = false
    for (const one of all) {
      if (one.dead || members.has(one.pid) || !members.has(one.parent)) continue
      members.add(one.pid)
      grew = true
    }
  }
}

async function listProcesses(): Promise<ProcessState[]> {
  const names = await readdir('/proc').catch(() => [])
  const states = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => readState(Number(name))))
  return states.filter((state) => state !== null)
}

async function readState(pid: number): Promise<ProcessState | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null)
  return text === null ? null : parseState(pid, text)
}

/** Reads /proc/PID/stat. The command name may hold blanks and parentheses: the fields count from the last `)`. */
function parseState(pid: number, text: string): ProcessState | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, parent, group] = fields
  const startTime = fields[19]
  if (state === undefined || startTime === undefined) return null
  return { pid, startTime, parent: Number(parent), group: Number(group), dead: state === 'Z' || state === 'X' }
}
