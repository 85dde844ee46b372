import { access, constants, readdir, readFile, realpath, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { RunnerError } from '@tenantscope/core'
import type { Command } from './engine-process.ts'
import { type Environment, readVariable } from './environment.ts'

const windows = process.platform === 'win32'
const executable = (name: string) => (windows ? `${name}.exe` : name)

export interface FindParams {
  environment: Environment
  /** Given by the host: an executable, or a `pwsh.dll` that is run with `dotnet`. */
  pwshPath?: string | undefined
  /** Where the search for `.config/dotnet-tools.json` begins; it goes up from there. */
  toolManifestFrom: string
}

/** Finds PowerShell: the given path, `pwsh` on the PATH, or the .NET tool of the nearest tool manifest. Throws RunnerError `runner_missing`. */
export async function findPowerShell(params: FindParams): Promise<Command> {
  const { environment, pwshPath } = params
  if (pwshPath !== undefined) {
    if (!(await isFile(pwshPath)))
      throw new RunnerError(
        'runner_missing',
        `There is no file ${pwshPath}. Correct the option pwshPath, or leave it out to search for pwsh.`,
      )
    return toCommand(pwshPath, environment)
  }
  const onPath = await findOnPath(executable('pwsh'), environment)
  if (onPath !== null) return toCommand(onPath, environment)
  const tool = await findTool(params.toolManifestFrom, environment)
  if (tool !== null) return toCommand(tool, environment)
  throw new RunnerError(
    'runner_missing',
    'PowerShell was not found. Install PowerShell 7.4 or later so that pwsh is on the PATH, run `dotnet tool restore` in a project whose ' +
      '.config/dotnet-tools.json names the tool powershell, or give its place as the option pwshPath.',
  )
}

/**
 * The command that starts PowerShell itself. `pwsh` of a .NET tool is only a shim: it starts a second process, and a signal to the shim leaves that one alive.
 */
async function toCommand(file: string, environment: Environment): Promise<Command> {
  const real = await realpath(path.resolve(file))
  if (real.endsWith('.dll')) return dotnetCommand(real, environment)
  const store = path.join(path.dirname(real), '.store', 'powershell')
  const behindShim = await newestVersionFolder(store)
  if (behindShim !== null) {
    const dll = await findDll(path.join(store, behindShim, 'powershell', behindShim))
    if (dll !== null) return dotnetCommand(dll, environment)
  }
  return { file: real, arguments: [] }
}

async function dotnetCommand(dll: string, environment: Environment): Promise<Command> {
  const root = readVariable(environment, 'DOTNET_ROOT')
  const inRoot = root === undefined ? null : path.join(root, executable('dotnet'))
  const file =
    inRoot !== null && (await isExecutable(inRoot)) ? inRoot : await findOnPath(executable('dotnet'), environment)
  if (file === null)
    throw new RunnerError(
      'runner_missing',
      `${dll} needs the .NET runtime, but there is no dotnet on the PATH. Install .NET or set DOTNET_ROOT.`,
    )
  return { file: await realpath(file), arguments: [dll] }
}

async function findOnPath(name: string, environment: Environment): Promise<string | null> {
  for (const folder of (readVariable(environment, 'PATH') ?? '').split(path.delimiter)) {
    // A relative entry would depend on the working folder of the host: whoever can write there could choose the program.
    if (!path.isAbsolute(folder)) continue
    const file = path.join(folder, name)
    if (await isExecutable(file)) return file
  }
  return null
}

/** `pwsh.dll` of the .NET tool that the nearest tool manifest names, when it has been restored. */
async function findTool(from: string, environment: Environment): Promise<string | null> {
  const version = await manifestVersion(from)
  if (version === null) return null
  const home = readVariable(environment, windows ? 'USERPROFILE' : 'HOME') ?? os.homedir()
  const store = readVariable(environment, 'NUGET_PACKAGES') ?? path.join(home, '.nuget', 'packages')
  return findDll(path.join(store, 'powershell', version))
}

async function manifestVersion(from: string): Promise<string | null> {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    for (const place of [path.join('.config', 'dotnet-tools.json'), 'dotnet-tools.json']) {
      const text = await readFile(path.join(folder, place), 'utf8').catch(() => null)
      const version = text === null ? null : toolVersion(text)
      if (version !== null) return version
    }
    if (folder === path.dirname(folder)) return null
  }
}

function toolVersion(manifest: string): string | null {
  try {
    const version: unknown = JSON.parse(manifest)?.tools?.powershell?.version
    // It becomes part of a path.
    return typeof version === 'string' && /^[0-9A-Za-z.-]+$/.test(version) && !version.includes('..') ? version : null
  } catch {
    return null
  }
}

/** A tool package holds one folder per .NET version; the newest one is taken. */
async function findDll(packageFolder: string): Promise<string | null> {
  const tools = path.join(packageFolder, 'tools')
  const frameworks = (await readdir(tools).catch(() => [])).filter((name) => /^net\d+\.\d+$/.test(name))
  for (const framework of frameworks.sort(byNumber).reverse()) {
    const dll = path.join(tools, framework, 'any', windows ? 'win' : 'unix', 'pwsh.dll')
    if (await isFile(dll)) return dll
  }
  return null
}

async function newestVersionFolder(folder: string): Promise<string | null> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^\d/.test(name))
  return names.sort(byNumber).at(-1) ?? null
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null))?.isFile() ?? false
}

async function isExecutable(file: string): Promise<boolean> {
  if (!(await isFile(file))) return false
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}
