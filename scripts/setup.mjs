// Installs the workspace and makes sure that a PowerShell is there. Runs on any Node >= 20; nothing is installed globally.
import { spawnSync } from 'node:child_process'

const pnpm = ['--yes', 'pnpm@12.21.0']
run('npx', [...pnpm, 'install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn'])
if (!hasPowerShell()) run('dotnet', ['tool', 'restore'])

function run(command, args) {
  // Windows finds npx and dotnet through the shell only; the arguments here are constants.
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' })
  if (error || status !== 0) {
    console.error(`setup: '${command} ${args.join(' ')}' failed${error ? `: ${error.message}` : ''}`)
    process.exit(status || 1)
  }
}

function hasPowerShell() {
  const probe = spawnSync(
    'pwsh',
    ['-NoProfile', '-NonInteractive', '-Command', '$PSVersionTable.PSVersion.ToString()'],
    {
      encoding: 'utf8',
    },
  )
  const [major, minor] = (probe.stdout ?? '').trim().split('.').map(Number)
  return probe.status === 0 && (major > 7 || (major === 7 && minor >= 4))
}
