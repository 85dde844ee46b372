import { spawn } from 'node:child_process'
import type { RemoteRunnerOptions } from '@tenantscope/core'

/** What the remote process needs of this one's environment: where programs are, and nothing else. */
const passedOn = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SYSTEMROOT', 'USERPROFILE', 'DOTNET_ROOT', 'NUGET_PACKAGES']

/** What a process that was told to end gets before it is ended. */
const graceMs = 10_000

/**
 * Starts `tenantscope-run` as a child and hands it the launch document through a pipe. A launcher for a container platform does the same by other means: it
 * starts a job, writes the document to its standard input, and ends the job when the signal aborts.
 */
export function childLauncher(
  command: readonly [file: string, ...options: string[]],
  onStart: (pid: number) => void = () => {},
): RemoteRunnerOptions['dispatch'] {
  const [file, ...options] = command
  return async ({ launch, signal }) => {
    const env = Object.fromEntries(passedOn.map((name) => [name, process.env[name]]))
    const child = spawn(file, options, { env, stdio: ['pipe', 'ignore', 'inherit'] })
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('exit', (code, by) => resolve(by === null ? `exit code ${code}` : `ended by ${by}`))
    })
    // A child that is gone already does not read: that is told by `ended`.
    child.stdin.on('error', () => {})
    child.stdin.end(launch.document())
    if (child.pid !== undefined) onStart(child.pid)
    const end = () => {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      timer.unref()
      void ended.then(() => clearTimeout(timer))
    }
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    return { ended }
  }
}
