import type { PackHashes } from '../integrity/pack-hashes.ts'
import type { Command } from './engine-process.ts'
import type { Environment } from './environment.ts'
import { findPowerShell } from './find-powershell.ts'
import { probeVersion } from './powershell-version.ts'

export interface LaunchOptions {
  /** PowerShell 7.4 or later: the executable or its `pwsh.dll`. Default: `pwsh` on the PATH of `environment`, then the .NET tool of the nearest tool manifest. */
  pwshPath?: string
  /** Where the search for `.config/dotnet-tools.json` begins. Default: the working folder. */
  toolManifestFrom?: string
  /** Started with the engine's own arguments in place of PowerShell: a launcher of yours. It is not asked for its version. */
  command?: readonly [file: string, ...arguments: string[]]
  /**
   * Folder with Start-Checks.ps1. Default: that of @tenantscope/powershell, whose files are compared with the hashes of its release before each run. A pack of
   * your own is run as it is, unless `packHashes` says what it must be.
   */
  packPath?: string
  /** What `hashPack` said of the pack when you had looked at it. A run is refused with `runner_pack_changed` when one byte differs. */
  packHashes?: PackHashes
  /**
   * Variables that the engine may get and that PowerShell is searched with. Default `process.env`. Only allow-listed names are read: PATH, HOME, TMPDIR, LANG,
   * LC_ALL, TZ, the proxy variables, SSL_CERT_FILE, SSL_CERT_DIR, DOTNET_ROOT, NUGET_PACKAGES, and on Windows what the system needs.
   */
  environment?: Readonly<Record<string, string | undefined>>
}

export interface Launch {
  command: Command
  /** Null for a launcher of the host's own. */
  version: string | null
}

/** Versions that were asked for, by command: it takes a process each. */
const versions = new Map<string, Promise<string>>()

/** Finds the program that runs the engine and makes sure that it is new enough. Throws RunnerError. */
export async function findLaunch(options: LaunchOptions, environment: Environment, folder: string): Promise<Launch> {
  const { command: own, pwshPath, toolManifestFrom = process.cwd() } = options
  if (own) return { command: { file: own[0], arguments: own.slice(1) }, version: null }
  const command = await findPowerShell({ environment, pwshPath, toolManifestFrom })
  const key = JSON.stringify(command)
  let version = versions.get(key)
  if (version === undefined) {
    version = probeVersion({ command, environment, folder })
    versions.set(key, version)
    // A failure is not kept: PowerShell may be installed or updated while the host runs.
    version.catch(() => versions.delete(key))
  }
  return { command, version: await version }
}
