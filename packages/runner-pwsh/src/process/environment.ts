import path from 'node:path'

/** Variables by name, as `process.env` holds them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What the engine may inherit. Everything else of the host (database URLs, cloud keys) stays out of the child. */
const inherited = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'DOTNET_ROOT', 'SSL_CERT_FILE', 'SSL_CERT_DIR']
const proxies = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy']
/** Windows programs do not start, or find no modules, without these. */
const inheritedOnWindows = ['SystemRoot', 'SystemDrive', 'windir', 'ComSpec', 'PATHEXT', 'ProgramFiles', 'ProgramData']

/** Quiet, no calls home, no debug doors in the temporary folder, less just-in-time work. */
const fixed = {
  NO_COLOR: '1',
  POWERSHELL_TELEMETRY_OPTOUT: '1',
  POWERSHELL_UPDATECHECK: 'Off',
  POWERSHELL_DIAGNOSTICS_OPTOUT: '1',
  DOTNET_EnableDiagnostics: '0',
  DOTNET_TieredPGO: '0',
  DOTNET_TC_CallCounting: '0',
  DOTNET_CLI_TELEMETRY_OPTOUT: '1',
  DOTNET_NOLOGO: '1',
}

/** Name of the variable that marks every process of one run. It is how descendants are found that left the process group. */
export const markerVariable = 'TENANTSCOPE_RUN'

/** One variable; names are case-insensitive on Windows, also in a plain object. */
export function readVariable(environment: Environment, name: string, platform = process.platform): string | undefined {
  const exact = environment[name]
  if (exact !== undefined || platform !== 'win32') return exact || undefined
  const key = Object.keys(environment).find((candidate) => candidate.toLowerCase() === name.toLowerCase())
  return key === undefined ? undefined : environment[key] || undefined
}

/** The complete environment of an engine process: allow-listed variables of `environment`, private folders, fixed settings. */
export function childEnvironment(params: {
  environment: Environment
  /** Private folder of the runner. */
  folder: string
  marker: string
  platform?: NodeJS.Platform
}): Record<string, string> {
  const platform = params.platform ?? process.platform
  const names = platform === 'win32' ? [...inherited, ...proxies, ...inheritedOnWindows] : [...inherited, ...proxies]
  const result: Record<string, string> = {}
  for (const name of names) {
    const value = readVariable(params.environment, name, platform)
    if (value !== undefined && !value.includes('\0')) result[name] = value
  }
  return { ...result, ...privateFolders(params.folder, platform), ...fixed, [markerVariable]: params.marker }
}

function privateFolders(folder: string, platform: NodeJS.Platform): Record<string, string> {
  const home = path.join(folder, 'home')
  const temporary = path.join(folder, 'tmp')
  if (platform === 'win32') {
    return { USERPROFILE: home, HOME: home, APPDATA: home, LOCALAPPDATA: home, TEMP: temporary, TMP: temporary }
  }
  return {
    HOME: home,
    TMPDIR: temporary,
    XDG_CACHE_HOME: path.join(home, '.cache'),
    XDG_CONFIG_HOME: path.join(home, '.config'),
    XDG_DATA_HOME: path.join(home, '.local', 'share'),
  }
}
