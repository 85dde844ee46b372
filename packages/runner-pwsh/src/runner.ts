import path from 'node:path'
import { type Benchmark, isTenantscopeError, type Runner, type RunnerEvent, TenantscopeError } from '@tenantscope/core'
import { powershellRoot } from '@tenantscope/powershell'
import { loadBenchmarks } from './catalogue/benchmarks.ts'
import { type Command, type EngineProcess, startEngineProcess } from './process/engine-process.ts'
import type { Environment } from './process/environment.ts'
import { findPowerShell } from './process/find-powershell.ts'
import { probeVersion } from './process/powershell-version.ts'
import { createPrivateFolder, type PrivateFolder } from './process/private-folder.ts'
import { defaultFrameLimits, type FrameLimits } from './protocol/frame-reader.ts'
import { EngineRun } from './run/engine-run.ts'

export interface PwshRunnerOptions {
  /** PowerShell 7.4 or later: the executable or its `pwsh.dll`. Default: `pwsh` on the PATH of `environment`, then the .NET tool of the nearest tool manifest. */
  pwshPath?: string
  /** Where the search for `.config/dotnet-tools.json` begins. Default: the working folder. */
  toolManifestFrom?: string
  /** Started with the engine's own arguments in place of PowerShell: a launcher of yours. It is not asked for its version. */
  command?: readonly [file: string, ...arguments: string[]]
  /** Folder with Start-Checks.ps1. Default: that of @tenantscope/powershell. */
  packPath?: string
  /**
   * Variables that the engine may get and that PowerShell is searched with. Default `process.env`. Only allow-listed names are read: PATH, HOME, TMPDIR, LANG,
   * LC_ALL, TZ, the proxy variables, SSL_CERT_FILE, SSL_CERT_DIR, DOTNET_ROOT, NUGET_PACKAGES, and on Windows what the system needs.
   */
  environment?: Readonly<Record<string, string | undefined>>
  /** Explicit proxy and an extra CA (PEM file) for the engine's requests. */
  network?: { proxyUrl?: string; caFile?: string }
  /** Without a frame for this long a run counts as hung. Default 300000. */
  inactivityMs?: number
  /** For one request of the engine. Default 60000. */
  callTimeoutMs?: number
  /** For one source with its pages and retries. Default 300000. */
  sourceTimeoutMs?: number
  /** Retries of one request. Default 5. */
  maxRetries?: number
  /** Bounds of what the engine may say. */
  outputLimits?: Partial<FrameLimits>
  /** The engine's time to end by itself after a cancel or its last word. Default 2000. */
  graceMs?: number
  /** From SIGTERM to SIGKILL. Default 5000. */
  termMs?: number
}

/** Runs the checks in one PowerShell process per scan. */
export function pwshRunner(options: PwshRunnerOptions = {}): Runner {
  return new PwshRunner(options)
}

interface Launch {
  command: Command
  folder: PrivateFolder
  version: string | null
}

class PwshRunner implements Runner {
  readonly name = 'pwsh'
  readonly #options: PwshRunnerOptions
  readonly #environment: Environment
  readonly #pack: string
  readonly #runs = new Set<EngineRun>()
  #launch: Promise<Launch> | undefined
  #folder: Promise<PrivateFolder> | undefined
  #benchmarks: Promise<readonly Benchmark[]> | undefined
  #closing: Promise<void> | undefined

  constructor(options: PwshRunnerOptions) {
    this.#options = options
    this.#environment = options.environment ?? process.env
    this.#pack = path.resolve(options.packPath ?? powershellRoot)
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
    const { options, run } = { options: this.#options, run: { current: undefined as EngineRun | undefined } }
    const engineRun = new EngineRun({
      ...params,
      times: { inactivityMs: options.inactivityMs ?? 300_000, graceMs: options.graceMs ?? 2000 },
      limits: { ...defaultFrameLimits, ...options.outputLimits },
      settings: {
        callTimeoutMs: options.callTimeoutMs ?? 60_000,
        sourceTimeoutMs: options.sourceTimeoutMs ?? 300_000,
        maxRetries: options.maxRetries ?? 5,
        proxyUrl: options.network?.proxyUrl ?? null,
        caFile: options.network?.caFile === undefined ? null : path.resolve(options.network.caFile),
      },
      start: () => this.#start(),
      onEnd: () => void (run.current && this.#runs.delete(run.current)),
    })
    run.current = engineRun
    this.#runs.add(engineRun)
    return engineRun
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

  async #close(): Promise<void> {
    await Promise.all([...this.#runs].map((run) => run.end(closedError())))
    await this.#launch?.catch(() => {})
    const folder = await this.#folder?.catch(() => undefined)
    await folder?.remove().catch(() => {})
  }

  async #start(): Promise<EngineProcess> {
    const { command, folder } = await this.#prepare()
    await folder.touch()
    return startEngineProcess({
      command,
      arguments: ['-NoProfile', '-NonInteractive', '-File', path.join(this.#pack, 'Start-Checks.ps1'), '-Engine'],
      environment: this.#environment,
      folder: folder.path,
      stopTimes: { termMs: this.#options.termMs ?? 5000, killMs: 5000 },
    })
  }

  /** Looks for PowerShell once; a failure is not kept, so that it can be installed while the host runs. */
  #prepare(): Promise<Launch> {
    this.#launch ??= this.#find().catch((error: unknown) => {
      this.#launch = undefined
      throw error
    })
    return this.#launch
  }

  async #find(): Promise<Launch> {
    this.#folder ??= createPrivateFolder(this.#environment).catch((error: unknown) => {
      this.#folder = undefined
      throw error
    })
    const folder = await this.#folder
    const { command: own, pwshPath, toolManifestFrom = process.cwd() } = this.#options
    if (own) return { command: { file: own[0], arguments: own.slice(1) }, folder, version: null }
    const environment = this.#environment
    const command = await findPowerShell({ environment, pwshPath, toolManifestFrom })
    return { command, folder, version: await probeVersion({ command, environment, folder: folder.path }) }
  }
}

function closedError(): TenantscopeError {
  return new TenantscopeError('closed', 'The runner is closed. Make a new one.')
}
