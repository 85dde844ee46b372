import path from 'node:path'
import { type Benchmark, isTenantscopeError, type Runner, type RunnerEvent, TenantscopeError } from '@tenantscope/core'
import { powershellRoot } from '@tenantscope/powershell'
import { loadBenchmarks } from './catalogue/benchmarks.ts'
import type { PackHashes } from './integrity/pack-hashes.ts'
import { expectedHashes, verifyPack } from './integrity/verify-pack.ts'
import { startEngineProcess } from './process/engine-process.ts'
import type { Environment } from './process/environment.ts'
import { findLaunch, type Launch, type LaunchOptions } from './process/launch.ts'
import { createPrivateFolder, type PrivateFolder } from './process/private-folder.ts'
import { type Engine, type EngineNetwork, newNonce, StandbyEngines, standbyCount } from './process/standby-engines.ts'
import { defaultFrameLimits, type FrameLimits } from './protocol/frame-reader.ts'
import { EngineRun } from './run/engine-run.ts'
import type { Transport } from './run/job-line.ts'
import { readTransport } from './run/transport.ts'

export interface PwshRunnerOptions extends LaunchOptions {
  /** Explicit proxy and an extra CA (PEM file) for the engine's requests. */
  network?: { proxyUrl?: string; caFile?: string }
  /**
   * How each service is read: `rest`, the default, asks the service itself; `module` runs its vendor's PowerShell module in a process of its own.
   * docs/module-transport.md tells what has to be installed for that.
   */
  transport?: Transport
  /** Folders that these modules may come from, and no others. The engine has a private home folder: modules installed for a user are not found without this. */
  modulePath?: readonly string[]
  /** Without a frame for this long a run counts as hung. Default 300000. */
  inactivityMs?: number
  /** For one request of the engine. Default 60000. */
  callTimeoutMs?: number
  /** For one source with its pages and retries. Default 300000. */
  sourceTimeoutMs?: number
  /** Retries of one request. Default 5. */
  maxRetries?: number
  /**
   * Engines kept started and rehearsed for the next runs, each of some 230 MB while it waits. A run that finds one skips the start of PowerShell and the first,
   * slow pass of its compiler, about three seconds of a processor. Each serves one run. A new one is begun when no run has been going for a second, so that
   * a busy worker's processors belong to its scans. Default 0: every run starts its own.
   */
  standby?: number
  /** Bounds of what the engine may say. */
  outputLimits?: Partial<FrameLimits>
  /** The engine's time to end by itself after a cancel or its last word. Default 2000. */
  graceMs?: number
  /** From SIGTERM to SIGKILL. Default 5000. */
  termMs?: number
}

/** Runs the checks in one PowerShell process per scan. Throws InvalidInputError for options that cannot be. */
export function pwshRunner(options: PwshRunnerOptions = {}): Runner & Required<Pick<Runner, 'prepare'>> {
  return new PwshRunner(options)
}

class PwshRunner implements Runner {
  readonly name = 'pwsh'
  readonly #options: PwshRunnerOptions
  readonly #environment: Environment
  readonly #pack: string
  readonly #hashes: PackHashes | null
  readonly #transport: ReturnType<typeof readTransport>
  readonly #runs = new Set<EngineRun>()
  readonly #standby: StandbyEngines
  readonly #network: EngineNetwork
  #refill: NodeJS.Timeout | undefined
  #launch: Promise<Launch & { folder: PrivateFolder }> | undefined
  #folder: Promise<PrivateFolder> | undefined
  #benchmarks: Promise<readonly Benchmark[]> | undefined
  #closing: Promise<void> | undefined

  constructor(options: PwshRunnerOptions) {
    this.#options = options
    this.#environment = options.environment ?? process.env
    this.#pack = path.resolve(options.packPath ?? powershellRoot)
    this.#hashes = expectedHashes(options)
    this.#transport = readTransport(options)
    const { proxyUrl = null, caFile } = options.network ?? {}
    this.#network = { proxyUrl, caFile: caFile === undefined ? null : path.resolve(caFile) }
    this.#standby = new StandbyEngines({
      count: standbyCount(options.standby),
      network: this.#network,
      start: () => this.#startVerified(),
    })
  }

  async prepare(): Promise<void> {
    if (!this.#closing) await this.#standby.fill()
  }

  benchmarks(): Promise<readonly Benchmark[]> {
    this.#benchmarks ??= loadBenchmarks(this.#pack).catch((error: unknown) => {
      this.#benchmarks = undefined
      throw error
    })
    return this.#benchmarks
  }

  run(params: Parameters<Runner['run']>[0]): AsyncIterable<RunnerEvent> {
    if (this.#closing) throw closedError()
    const options = this.#options
    const run: EngineRun = new EngineRun({
      ...params,
      times: { inactivityMs: options.inactivityMs ?? 300_000, graceMs: options.graceMs ?? 2000 },
      limits: { ...defaultFrameLimits, ...options.outputLimits },
      settings: {
        callTimeoutMs: options.callTimeoutMs ?? 60_000,
        sourceTimeoutMs: options.sourceTimeoutMs ?? 300_000,
        maxRetries: options.maxRetries ?? 5,
        ...this.#network,
        ...this.#transport,
      },
      start: async ({ fresh }) => {
        if (this.#closing) throw closedError()
        this.#runs.add(run)
        clearTimeout(this.#refill)
        // Also for an engine that waits: it reads the verdicts of the checks when it gets the job.
        await verifyPack(this.#pack, this.#hashes)
        return (
          (fresh ? null : await this.#standby.take()) ?? {
            process: await this.#start(),
            nonce: newNonce(),
            waited: false,
          }
        )
      },
      onEnd: () => this.#onEnd(run),
    })
    return run
  }

  async health(): Promise<{ ok: boolean; detail: string }> {
    try {
      if (this.#closing) throw closedError()
      const { version, command } = await this.#prepare()
      return { ok: true, detail: version === null ? `own launcher ${command.file}` : `PowerShell ${version}` }
    } catch (error) {
      return {
        ok: false,
        detail: isTenantscopeError(error) ? error.message : 'PowerShell could not be looked for: an unexpected error.',
      }
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  #onEnd(run: EngineRun): void {
    this.#runs.delete(run)
    clearTimeout(this.#refill)
    if (this.#runs.size > 0 || this.#closing) return
    this.#refill = setTimeout(() => void this.#standby.fill(), 1000)
    this.#refill.unref()
  }

  async #close(): Promise<void> {
    clearTimeout(this.#refill)
    await Promise.all([...this.#runs].map((run) => run.end(closedError())))
    await this.#standby.close()
    await this.#launch?.catch(() => {})
    const folder = await this.#folder?.catch(() => undefined)
    await folder?.remove().catch(() => {})
  }

  async #startVerified(): Promise<Engine['process']> {
    await verifyPack(this.#pack, this.#hashes)
    return this.#start()
  }

  async #start(): Promise<Engine['process']> {
    let { command, folder } = await this.#prepare()
    if (!(await folder.touch())) {
      // Something cleaned the temporary folder up.
      this.#folder = undefined
      this.#launch = undefined
      ;({ command, folder } = await this.#prepare())
    }
    return startEngineProcess({
      command,
      arguments: ['-NoProfile', '-NonInteractive', '-File', path.join(this.#pack, 'Start-Checks.ps1'), '-Engine'],
      environment: this.#environment,
      folder: folder.path,
      stopTimes: { termMs: this.#options.termMs ?? 5000, killMs: 5000 },
    })
  }

  /** Looks for PowerShell once; a failure is not kept, so that it can be installed while the host runs. */
  #prepare(): Promise<Launch & { folder: PrivateFolder }> {
    this.#launch ??= this.#find().catch((error: unknown) => {
      this.#launch = undefined
      throw error
    })
    return this.#launch
  }

  async #find(): Promise<Launch & { folder: PrivateFolder }> {
    this.#folder ??= createPrivateFolder(this.#environment).catch((error: unknown) => {
      this.#folder = undefined
      throw error
    })
    const folder = await this.#folder
    return { ...(await findLaunch(this.#options, this.#environment, folder.path)), folder }
  }
}

function closedError(): TenantscopeError {
  return new TenantscopeError('closed', 'The runner is closed. Make a new one.')
}
