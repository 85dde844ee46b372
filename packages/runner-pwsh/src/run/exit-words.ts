import type { Exit } from '../process/engine-process.ts'

/** Why an engine ended before it was done, and what to do about it. */
export function describeExit(exit: Exit): string {
  if (exit.signal === 'SIGKILL')
    return 'was killed from outside (SIGKILL), most often because memory ran out. Allow 250 MB for each scan or run fewer at once'
  if (exit.signal === 'SIGSEGV' || exit.signal === 'SIGABRT' || exit.signal === 'SIGBUS')
    return `crashed (${exit.signal}). Update PowerShell and .NET`
  if (exit.signal !== null) return `was ended from outside (${exit.signal})`
  switch (exit.code) {
    case 0:
      return 'ended with exit code 0 without saying that it was done'
    case 64:
      return 'could not open its script (exit code 64). Reinstall @tenantscope/powershell'
    case 70:
      return 'saw the end of its input (exit code 70)'
    case 127:
      return 'could not be started (exit code 127)'
    case 134:
      return 'crashed while .NET started (exit code 134). Check the .NET installation'
    default:
      return `ended with exit code ${exit.code}`
  }
}
