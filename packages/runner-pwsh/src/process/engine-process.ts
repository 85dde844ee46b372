import { randomBytes } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { RunnerError } from '@tenantscope/core'
import { execa } from 'execa'
import { DescendantWatch } from './descendants.ts'
import { childEnvironment, type Environment } from './environment.ts'

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** What is started: an executable and the arguments before the engine's own. */
export interface Command {
  readonly file: string
  readonly arguments: readonly string[]
}

/** How long each step of ending a run may take. */
export interface StopTimes {
  /** From the end signal (SIGTERM) to the killing one. */
  termMs: number
  /** From the killing signal until it is given up. */
  killMs: number
}

const defaultStopTimes: StopTimes = { termMs: 5000, killMs: 5000 }
const spawnTries = 4

/** A running engine and everything it started. */
export interface EngineProcess {
  readonly pid: number
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Settles when the first process ends, also while a descendant still holds its streams. Never rejects. */
  readonly exited: Promise<Exit>
  /** Does it keep the host's process running? It does until told otherwise. */
  hold(on: boolean): void
  /** Looks at the tree while it stands, so that a descendant is known also after it has cut every tie. */
  observe(): void
  /** Ends the whole tree, politely first; settles when nothing of it is left alive. Safe to call again. */
  stop(options?: { politely?: boolean }): Promise<void>
}

/** Starts a process in its own group with an allow-listed environment. Listen to its streams at once. Throws RunnerError. */
export async function startEngineProcess(params: {
  command: Command
  arguments: readonly string[]
  environment: Environment
  folder: string
  stopTimes?: StopTimes
}): Promise<EngineProcess> {
  const marker = randomBytes(12).toString('hex')
  const env = childEnvironment({ environment: params.environment, folder: params.folder, marker })
  const child = await spawn(params.command, [...params.command.arguments, ...params.arguments], env, params.folder)
  const watch = new DescendantWatch(child.pid, marker)
  // Without a pause: when a process ends before somebody listens, Node throws its output away.
  watch.begin()
  let stopping: Promise<void> | undefined
  return {
    ...child,
    observe: () => void watch.alive().catch(() => {}),
    stop({ politely = true } = {}) {
      stopping ??= endTree(child, watch, politely, params.stopTimes ?? defaultStopTimes)
      return stopping
    },
  }
}

type Spawned = Omit<EngineProcess, 'stop' | 'observe'> & { kill(signal: NodeJS.Signals): void }

async function spawn(
  command: Command,
  args: readonly string[],
  env: Record<string, string>,
  cwd: string,
): Promise<Spawned> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await spawnOnce(command, args, env, cwd)
    } catch (error) {
      if (!(error instanceof RunnerError) || !error.retryable || attempt === spawnTries) throw error
      await sleep(100 * 2 ** attempt)
    }
  }
}

async function spawnOnce(
  command: Command,
  args: readonly string[],
  env: Record<string, string>,
  cwd: string,
): Promise<Spawned> {
  const child = execa(command.file, args, {
    env,
    extendEnv: false,
    cwd,
    // Its own process group on Unix; `taskkill /T /F` on Windows.
    killDescendants: true,
    // No handlers on the host process: when it ends, however it ends, the engine sees the end of its stdin.
    cleanup: false,
    forceKillAfterDelay: false,
    buffer: false,
    reject: false,
    encoding: 'buffer',
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    windowsHide: true,
  })
  const exited = new Promise<Exit>((resolve) =>
    child.nodeChildProcess.once('exit', (code, signal) => resolve({ code, signal })),
  )
  const { pid, stdin, stdout, stderr } = child
  if (pid === undefined) {
    const result = await child
    throw spawnError(command.file, result.code, result.cause)
  }
  // The result promise waits for the streams, which a descendant may hold for ever: only `exited` counts.
  child.catch(() => {})
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => {})
  const hold = (on: boolean) => (on ? child.nodeChildProcess.ref() : child.nodeChildProcess.unref())
  return { pid, stdin, stdout, stderr, exited, hold, kill: (signal) => void child.kill(signal) }
}

function spawnError(file: string, code: string | undefined, cause: unknown): RunnerError {
  switch (code) {
    case 'ENOENT':
      return new RunnerError('runner_missing', `There is no program ${file}. Install PowerShell 7.4 or later.`, {
        cause,
      })
    case 'EACCES':
    case 'EPERM':
      return new RunnerError('runner_missing', `${file} may not be executed by this user. Check its permissions.`, {
        cause,
      })
    case 'EAGAIN':
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
      return new RunnerError(
        'runner_failed',
        `The system has no room for another process (${code}). Run fewer scans at once or raise the limits.`,
        { cause, retryable: true },
      )
    default:
      return new RunnerError('runner_failed', `${file} could not be started (${code ?? 'no code'}).`, { cause })
  }
}

/** Signals the group and all that left it, until nothing lives; then lets go of the streams, whoever else holds their other ends. */
async function endTree(child: Spawned, watch: DescendantWatch, politely: boolean, times: StopTimes): Promise<void> {
  child.stdin.destroy()
  let exited = false
  void child.exited.then(() => {
    exited = true
  })
  await Promise.resolve()
  const gone = async () => (await watch.alive()).length === 0 && exited
  // Where there is no /proc, the group is signalled also after its first process has ended.
  const group = (signal: NodeJS.Signals) => (!exited || process.platform !== 'linux') && child.kill(signal)
  let over = await gone()
  if (!over && politely) {
    group('SIGTERM')
    await watch.signal('SIGTERM')
    over = await waitUntil(gone, times.termMs)
  }
  if (!over) {
    group('SIGKILL')
    // Twice: what was started between the look and the signal carries the marker too.
    for (let round = 0; round < 2; round++) await watch.signal('SIGKILL')
    await waitUntil(gone, times.killMs)
  }
  child.stdout.destroy()
  child.stderr.destroy()
}

async function waitUntil(condition: () => Promise<boolean>, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs
  for (let pause = 10; ; pause = Math.min(pause * 2, 200)) {
    if (await condition()) return true
    if (performance.now() >= end) return false
    await sleep(pause)
  }
}
