import { readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidInputError, RunnerError } from '@tenantscope/core'
import { powershellRoot } from '@tenantscope/powershell'
import { expectedHashes, verifyPack } from '../integrity/verify-pack.ts'
import { type EngineProcess, type Exit, startEngineProcess } from '../process/engine-process.ts'
import { findLaunch, type LaunchOptions } from '../process/launch.ts'
import { createPrivateFolder } from '../process/private-folder.ts'
import { Redactor } from '../protocol/redactor.ts'
import { StderrTail } from '../protocol/stderr-tail.ts'
import { describeExit } from '../run/exit-words.ts'
import { type EvidenceResults, readResults } from './results.ts'

export interface JudgeEvidenceOptions extends LaunchOptions {
  /** A document in the format `tenantscope-evidence/1`: an object, or its JSON text. */
  evidence: unknown
  /** Only these controls. Default: all of the benchmark that the evidence names. */
  controlIds?: readonly string[]
  /** Only controls of this level. */
  level?: 'L1' | 'L2'
  signal?: AbortSignal
  /** Default 300000. */
  timeoutMs?: number
}

const largestResults = 256 * 1024 * 1024

/**
 * Judges evidence without network, in a PowerShell process of its own. The evidence lies in a private folder while it is judged and is removed in every case.
 * Throws InvalidInputError for what is wrong with the input, RunnerError for the rest, and the signal's reason.
 */
export async function judgeEvidence(options: JudgeEvidenceOptions): Promise<EvidenceResults> {
  const { controlIds = [], level, signal = new AbortController().signal } = options
  const text = evidenceText(options.evidence)
  checkControlIds(controlIds)
  if (level !== undefined && level !== 'L1' && level !== 'L2')
    throw new InvalidInputError([{ pointer: '/level', detail: 'must be L1 or L2.' }])
  signal.throwIfAborted()
  const environment = options.environment ?? process.env
  const folder = await createPrivateFolder(environment)
  try {
    const evidencePath = path.join(folder.path, 'evidence.json')
    const outputPath = path.join(folder.path, 'results.json')
    await writeFile(evidencePath, text, { mode: 0o600, flag: 'wx' })
    const { command } = await findLaunch(options, environment, folder.path)
    const pack = path.resolve(options.packPath ?? powershellRoot)
    await verifyPack(pack, expectedHashes(options))
    signal.throwIfAborted()
    const script = path.join(pack, 'Start-Checks.ps1')
    const args = [
      '-NoProfile',
      '-NonInteractive',
      '-File',
      script,
      '-EvidencePath',
      evidencePath,
      '-OutputPath',
      outputPath,
    ]
    if (controlIds.length > 0) args.push('-ControlId', controlIds.join(','))
    if (level !== undefined) args.push('-Level', level)
    const started = await startEngineProcess({ command, arguments: args, environment, folder: folder.path })
    const end = await runToEnd(started, signal, options.timeoutMs ?? 300_000)
    if (end.exit.code !== 0) throw failure(end.exit, end.words.replaceAll(evidencePath, 'evidence'))
    const results = await readOutput(outputPath)
    return readResults(results)
  } finally {
    await folder.remove()
  }
}

function evidenceText(evidence: unknown): string {
  const text = typeof evidence === 'string' ? evidence : JSON.stringify(evidence)
  if (text === undefined)
    throw new InvalidInputError([
      { pointer: '/evidence', detail: 'must be a document of the format tenantscope-evidence/1.' },
    ])
  return text
}

/** Ids become an argument of a process: nothing but ids may get there. Whether they exist is the benchmark's to say. */
function checkControlIds(ids: readonly string[]): void {
  const index = ids.findIndex((id) => typeof id !== 'string' || !/^\d{1,3}(\.\d{1,3}){0,5}$/.test(id))
  if (index !== -1)
    throw new InvalidInputError([{ pointer: `/controlIds/${index}`, detail: 'is not a control id such as 5.1.2.2.' }])
  if (ids.length > 1000) throw new InvalidInputError([{ pointer: '/controlIds', detail: 'has more than 1000 ids.' }])
}

async function runToEnd(
  started: EngineProcess,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<{ exit: Exit; words: string }> {
  const errors = new StderrTail(started.stderr)
  started.stdout.resume()
  const timer = new AbortController()
  const aborted = Promise.withResolvers<'aborted'>()
  const onAbort = () => aborted.resolve('aborted')
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const limit = sleep(timeoutMs, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const)
    const first = await Promise.race([started.exited, limit, aborted.promise])
    signal.throwIfAborted()
    if (typeof first === 'string')
      throw new RunnerError('runner_hung', `Judging took longer than ${timeoutMs} ms and was ended.`, {
        retryable: true,
      })
    // What was written last may still be on its way.
    if (!started.stderr.readableEnded)
      await Promise.race([new Promise((resolve) => started.stderr.once('end', resolve)), sleep(500)])
    return { exit: first, words: errors.text(new Redactor()) }
  } finally {
    timer.abort()
    signal.removeEventListener('abort', onAbort)
    await started.stop({ politely: false })
  }
}

/** Exit codes of Start-Checks.ps1: 2 for a wrong argument, 3 for unusable evidence. */
function failure(exit: Exit, words: string): Error {
  const said = /Start-Checks: (.+)/.exec(words)?.[1]?.trim()
  if (exit.code === 2)
    return new InvalidInputError([{ pointer: '/controlIds', detail: said ?? 'is not known to the benchmark.' }])
  if (exit.code === 3) return new InvalidInputError([{ pointer: '/evidence', detail: said ?? 'cannot be used.' }])
  const last = words.slice(-600)
  return new RunnerError(
    'runner_died',
    `The engine ${describeExit(exit)} while it judged evidence.${last ? ` Its last words: ${last}` : ''}`,
  )
}

async function readOutput(file: string): Promise<string> {
  const size = (await stat(file).catch(() => null))?.size
  if (size === undefined) throw new RunnerError('runner_output', 'The engine judged evidence but wrote no results.')
  if (size > largestResults)
    throw new RunnerError('runner_output', `The results are longer than ${largestResults} bytes.`)
  return readFile(file, 'utf8')
}
