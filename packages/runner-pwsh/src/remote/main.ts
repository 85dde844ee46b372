#!/usr/bin/env node
import path from 'node:path'
import { parseArgs } from 'node:util'
import { isLoopback, type LaunchDocument, launchDocumentSchema } from '@tenantscope/core'
import { nodeResolveTxt } from '../dns/resolve-txt.ts'
import { type PwshRunnerOptions, pwshRunner } from '../runner.ts'
import { exitCodes, UsageError } from './outcomes.ts'
import { resumeSpool, runLaunch } from './remote-run.ts'

const help = `Runs one scan away from its host and reports it in signed messages.

  <launch document> | tenantscope-run [options]

The launch document is one line of JSON on standard input. It holds a key: never put it into arguments, environment or a file.

  --proxy <url>           proxy for the engine's requests to Microsoft 365
  --ca-file <pem>         further authority that the engine trusts
  --pwsh <path>           PowerShell 7.4 or later (default: looked for on the PATH)
  --pack <folder>         folder with Start-Checks.ps1 (default: the one installed)
  --dns <address>         name server for TXT records, may be repeated
  --spool <folder>        where events lie until they are delivered (default: a private folder under the temporary one)
  --give-up-after <s>     after the scan: how long to try to deliver what is left (default 900)
  --lifeline              end when standard input is closed
  --resume <file>         run nothing, send what this spool holds
  --help

Exit codes: 0 delivered, 1 unexpected, 2 usage, 3 delivered but the engine failed, 4 refused by the receiver, 5 told to stop,
6 not delivered (the spool is kept).`

const largestDocument = 4 * 1024 * 1024

process.exitCode = await main()

async function main(): Promise<number> {
  const say = (words: string) => void process.stderr.write(`tenantscope-run: ${words}\n`)
  const end = new AbortController()
  const onSignal = () => end.abort(new Error('The process was told to end.'))
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(name, onSignal)
  try {
    const options = readArguments()
    if (options === null) {
      process.stdout.write(`${help}\n`)
      return exitCodes.delivered
    }
    const document = readDocument(await firstLine(options.lifeline ? onSignal : null))
    const common = { document, signal: end.signal, say, giveUpAfterMs: options.giveUpAfterMs }
    if (options.resume !== null) return await resumeSpool({ ...common, spoolPath: options.resume })
    const runner = pwshRunner(options.runner)
    try {
      return await runLaunch({ ...common, runner, resolveTxt: options.resolveTxt, spoolFolder: options.spool })
    } finally {
      await runner.close()
    }
  } catch (error) {
    say(error instanceof Error ? error.message : 'Something went wrong.')
    return error instanceof UsageError ? exitCodes.usage : exitCodes.unexpected
  } finally {
    // An open pipe would keep the process alive.
    process.stdin.destroy()
  }
}

function readArguments() {
  let values: ReturnType<typeof parsed>
  try {
    values = parsed()
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'The arguments cannot be read.')
  }
  if (values.help) return null
  const seconds = Number(values['give-up-after'])
  if (!Number.isFinite(seconds) || seconds < 0) throw new UsageError('--give-up-after must be a number of seconds.')
  const { proxy, 'ca-file': caFile, pwsh, pack, dns, spool, resume } = values
  const network = { ...(proxy && { proxyUrl: proxy }), ...(caFile && { caFile }) }
  const runner: PwshRunnerOptions = { network, ...(pwsh && { pwshPath: pwsh }), ...(pack && { packPath: pack }) }
  return {
    runner,
    resolveTxt: nodeResolveTxt(dns ? { servers: dns } : {}),
    spool: spool === undefined ? null : path.resolve(spool),
    resume: resume === undefined ? null : path.resolve(resume),
    giveUpAfterMs: seconds * 1_000,
    lifeline: values.lifeline,
  }
}

function parsed() {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    options: {
      proxy: text,
      'ca-file': text,
      pwsh: text,
      pack: text,
      dns: { type: 'string', multiple: true },
      spool: text,
      resume: text,
      'give-up-after': { type: 'string', default: '900' },
      lifeline: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return values
}

/** The first line of standard input; `onEnd` is called when the input is closed after it. */
async function firstLine(onEnd: (() => void) | null): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  let found = false
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', (chunk: string) => {
    if (found) return
    text += chunk
    const line = text.indexOf('\n')
    if (line >= 0) {
      found = true
      resolve(text.slice(0, line))
      text = ''
      // Without a lifeline nobody waits for the end: the pipe must not keep the process alive.
      if (onEnd === null) process.stdin.pause()
    } else if (text.length > largestDocument) {
      reject(new UsageError('The launch document is too large.'))
    }
  })
  process.stdin.on('error', () => reject(new UsageError('Standard input cannot be read.')))
  process.stdin.on('end', () => {
    if (found) onEnd?.()
    else resolve(text)
  })
  return promise
}

/** What is wrong is told without quoting the document: it holds a key. */
function readDocument(line: string): LaunchDocument {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new UsageError('Standard input holds no launch document (one line of JSON).')
  }
  const checked = launchDocumentSchema.safeParse(value)
  if (!checked.success) {
    const fields = checked.error.issues.map(({ path: field }) => `/${field.join('/')}`).join(', ')
    throw new UsageError(`The launch document is wrong at ${fields}.`)
  }
  const { receiverUrl, allowHttp } = checked.data
  const { protocol, hostname } = new URL(receiverUrl)
  if (protocol === 'http:' && !allowHttp && !isLoopback(hostname))
    throw new UsageError('The receiver must be https, or on this very machine.')
  return checked.data
}
