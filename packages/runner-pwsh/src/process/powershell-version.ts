import { setTimeout as sleep } from 'node:timers/promises'
import { RunnerError } from '@tenantscope/core'
import { Redactor } from '../protocol/redactor.ts'
import { StderrTail } from '../protocol/stderr-tail.ts'
import { type Command, startEngineProcess } from './engine-process.ts'
import type { Environment } from './environment.ts'

/** The oldest version the engine runs on. From 7.5 on it reads answers faster. */
const minimumVersion = '7.4'
const probeLimitMs = 30_000

/** Asks a PowerShell for its version. Throws RunnerError `runner_missing` when it does not answer, `runner_too_old` below the minimum. */
export async function probeVersion(params: {
  command: Command
  environment: Environment
  folder: string
}): Promise<string> {
  const started = await startEngineProcess({ ...params, arguments: ['--version'] })
  const errors = new StderrTail(started.stderr)
  let output = ''
  started.stdout.on('data', (chunk: Buffer) => {
    if (output.length < 10_000) output += chunk.toString('utf8')
  })
  const timer = new AbortController()
  try {
    const ended = new Promise<void>((resolve) => started.stdout.once('close', resolve))
    await Promise.race([
      Promise.all([ended, started.exited]),
      sleep(probeLimitMs, undefined, { signal: timer.signal }).catch(() => {}),
    ])
  } finally {
    timer.abort()
    await started.stop({ politely: false })
  }
  const version = /PowerShell\s+(\d+\.\d+[^\s]*)/.exec(output)?.[1]
  const where = [params.command.file, ...params.command.arguments].join(' ')
  if (version === undefined) {
    const words = errors.text(new Redactor()).slice(-300)
    const message = `${where} did not say which PowerShell it is.${words ? ` It said: ${words}` : ''} Check that it starts by hand.`
    throw new RunnerError('runner_missing', message)
  }
  if (!isEnough(version)) {
    const message = `${where} is PowerShell ${version}. Install ${minimumVersion} or later, or give the place of a newer one as the option pwshPath.`
    throw new RunnerError('runner_too_old', message)
  }
  return version
}

function isEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [needMajor = 0, needMinor = 0] = minimumVersion.split('.').map(Number)
  return major > needMajor || (major === needMajor && minor >= needMinor)
}
