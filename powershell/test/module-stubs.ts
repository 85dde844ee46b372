import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface StubModules {
  /** The folder that a job names as modulePath. */
  path: string
  /** A file beside the modules that a stub may write to. */
  file(name: string): string
  remove(): Promise<void>
}

export interface StubModule {
  version?: string
  /** The module's code. `$PSScriptRoot` is its folder. */
  code: string
}

/** Modules with the vendors' names in a private folder. */
export async function createStubModules(modules: Record<string, StubModule>): Promise<StubModules> {
  const path = await mkdtemp(join(tmpdir(), 'tenantscope-modules-'))
  for (const [name, { version = '99.0.0', code }] of Object.entries(modules)) {
    const folder = join(path, name)
    await mkdir(folder)
    await writeFile(join(folder, `${name}.psm1`), code)
    await writeFile(
      join(folder, `${name}.psd1`),
      `@{ RootModule = '${name}.psm1'; ModuleVersion = '${version}'; FunctionsToExport = '*'; GUID = '${crypto.randomUUID()}' }`,
    )
  }
  return {
    path,
    file: (name) => join(path, name),
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  }
}

/** Connects like ExchangeOnlineManagement 3.8, and writes down with what: the names of its parameters and a hash of the token. */
export const exchangeConnect = `
function Get-Hash([string]$Text) { [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData([Text.Encoding]::UTF8.GetBytes($Text))).ToLowerInvariant() }
function Connect-ExchangeOnline {
    [CmdletBinding()]
    param([string]$AccessToken, [string]$Organization, [string[]]$CommandName, [string]$ExchangeEnvironmentName, [switch]$ShowBanner, [switch]$SkipLoadingFormatData)
    $seen = [ordered]@{ organization = $Organization; commands = @($CommandName); parameters = @($PSBoundParameters.Keys | Sort-Object); token = Get-Hash $AccessToken; processId = $PID }
    [IO.File]::AppendAllText([IO.Path]::Combine([IO.Path]::GetDirectoryName($PSScriptRoot), 'connected.jsonl'), (ConvertTo-Json $seen -Compress) + [char]10)
}
`
