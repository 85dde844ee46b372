import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { powershellRoot } from '../index.js'

/** The command that starts pwsh: TENANTSCOPE_PWSH, the .NET tool's own assembly, or `pwsh` of the PATH. */
function pwshCommand(): { file: string; args: string[] } {
  const named = process.env.TENANTSCOPE_PWSH
  if (named) return { file: named, args: [] }
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, process.platform === 'win32' ? 'pwsh.exe' : 'pwsh')
    // The tool's shim would start a second process that outlives a kill: prefer the assembly beside it.
    if (existsSync(candidate) && !folder.includes('.dotnet')) return { file: candidate, args: [] }
  }
  const tool = join(homedir(), '.nuget/packages/powershell/7.6.9/tools/net10.0/any/unix/pwsh.dll')
  if (existsSync(tool)) return { file: 'dotnet', args: [tool] }
  return { file: 'pwsh', args: [] }
}

/** Starts `pwsh -File script` with a small environment of its own. */
export function startPwsh(
  script: string,
  args: string[] = [],
  env: NodeJS.ProcessEnv = {},
): ChildProcessWithoutNullStreams {
  const { file, args: before } = pwshCommand()
  return spawn(file, [...before, '-NoProfile', '-NonInteractive', '-File', join(powershellRoot, script), ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      USERPROFILE: process.env.USERPROFILE,
      SystemRoot: process.env.SystemRoot,
      TMPDIR: process.env.TMPDIR,
      NO_COLOR: '1',
      POWERSHELL_TELEMETRY_OPTOUT: '1',
      POWERSHELL_UPDATECHECK: 'Off',
      POWERSHELL_DIAGNOSTICS_OPTOUT: '1',
      DOTNET_EnableDiagnostics: '0',
      DOTNET_TieredPGO: '0',
      DOTNET_TC_CallCounting: '0',
      ...env,
    },
  })
}

export interface PwshOutput {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs a script to its end; `input` is written to stdin, which is then closed. */
export async function runPwsh(
  script: string,
  args: string[] = [],
  options: { env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<PwshOutput> {
  const child = startPwsh(script, args, options.env)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, stdout, stderr }
}
