import { spawn } from 'node:child_process'
import type { RemoteLaunch, RemoteRunnerOptions } from '@tenantscope/core'

/** What the remote process needs of this one's environment: where programs are, and nothing else. */
const passedOn = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SYSTEMROOT', 'USERPROFILE', 'DOTNET_ROOT', 'NUGET_PACKAGES']

/** What a process that was told to end gets before it is ended. */
const graceMs = 10_000

export interface ChildLauncherOptions {
  onStart?: (pid: number) => void
  /** Called when the process has ended and before anybody is told: time to take in a spool that it could not deliver (exit code 6). */
  onEnd?: (launch: RemoteLaunch, exitCode: number | null) => Promise<void>
}

/**
 * Starts `tenantscope-run` as a child and hands it the launch document through a pipe. A launcher for a container platform does the same by other means: it
 * starts a job, writes the document to its standard input, and ends the job when the signal aborts.
 */
export function childLauncher(
  command: readonly [file: string, ...options: string[]],
  { onStart, onEnd }: ChildLauncherOptions = {},
): RemoteRunnerOptions['dispatch'] {
  const [file, ...options] = command
  return async ({ launch, signal }) => {
    const env = Object.fromEntries(passedOn.map((name) => [name, process.env[name]]))
    const child = spawn(file, options, { env, stdio: ['pipe', 'ignore', 'inherit'] })
    const gone = new Promise<{ words: string; code: number | null }>((resolve) => {
      child.once('error', (error) => resolve({ words: error.message, code: null }))
      child.once('exit', (code, by) => resolve({ words: by === null ? `exit code ${code}` : `ended by ${by}`, code }))
    })
    const ended = gone.then(async ({ words, code }) => {
      // What cannot be taken in is lost with the attempt; the scan says how its process ended.
      await onEnd?.(launch, code).catch(() => {})
      return words
    })
    // A child that is gone already does not read: that is told by `ended`.
    child.stdin.on('error', () => {})
    child.stdin.end(launch.document())
    if (child.pid !== undefined) onStart?.(child.pid)
    const end = () => {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      timer.unref()
      void gone.then(() => clearTimeout(timer))
    }
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    return { ended }
  }
}
