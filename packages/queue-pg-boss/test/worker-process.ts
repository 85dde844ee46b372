import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve as resolvePath } from 'node:path'
import { createInterface } from 'node:readline'

/** A script, of this folder unless its path says otherwise, in a process of its own, on the sources as they stand. Its standard output comes line by line. */
export interface ScriptProcess {
  readonly child: ChildProcess
  /** Resolves when it has ended, however. */
  readonly ended: Promise<unknown>
  /** Resolves with the first line that `wanted` accepts, also one of the past; rejects when the process ends without it. */
  line(wanted: (line: string) => boolean): Promise<string>
  readonly lines: readonly string[]
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>
}

export function startScript(script: string, argument: unknown, environment = process.env): ScriptProcess {
  const child = spawn(
    process.execPath,
    ['--conditions=@tenantscope/source', resolvePath(import.meta.dirname, script), JSON.stringify(argument)],
    { stdio: ['pipe', 'pipe', 'pipe'], env: environment },
  )
  const ended = once(child, 'exit').catch(() => {})
  const lines: string[] = []
  let errors = ''
  const watchers = new Set<() => void>()
  const look = () => {
    for (const watch of [...watchers]) watch()
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    look()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4_000)
  })
  void ended.then(look)

  return {
    child,
    ended,
    lines,
    line: (wanted) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          const found = lines.find(wanted)
          if (found === undefined && child.exitCode === null && child.signalCode === null) return
          watchers.delete(watch)
          if (found !== undefined) resolve(found)
          else reject(new Error(`${script} ended (${child.exitCode ?? child.signalCode}):\n${errors}`))
        }
        watchers.add(watch)
        watch()
      }),
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
