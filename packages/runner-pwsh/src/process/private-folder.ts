import { lstat, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type Environment, readVariable } from './environment.ts'

/** Long enough to be nobody else's: folders of this name are swept. */
const prefix = 'tenantscope-runner-pwsh-'
const ownerFile = 'owner.json'
/** Longer than any scan may take: an untouched folder of this age belongs to nobody, whatever its owner file says. */
const staleAfterMs = 24 * 60 * 60 * 1000

/** A folder that only this user may enter: HOME, cache and temporary files of the engine, and evidence on its way to it. */
export interface PrivateFolder {
  readonly path: string
  /** Says that the folder is in use, so that another process does not sweep it. False: it is gone. */
  touch(): Promise<boolean>
  remove(): Promise<void>
}

/** Makes a private folder under the temporary folder of `environment`, after sweeping what dead processes left there. */
export async function createPrivateFolder(environment: Environment): Promise<PrivateFolder> {
  const base = temporaryFolder(environment)
  await sweep(base)
  const folder = await mkdtemp(path.join(base, prefix))
  try {
    for (const name of ['home', 'tmp']) await mkdir(path.join(folder, name), { mode: 0o700 })
    const owner = { pid: process.pid, host: os.hostname() }
    await writeFile(path.join(folder, ownerFile), JSON.stringify(owner), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  return {
    path: folder,
    async touch() {
      const now = new Date()
      return utimes(folder, now, now).then(
        () => true,
        () => false,
      )
    },
    // The engine may still be closing a file on Windows when it is removed: try again for a while.
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  }
}

function temporaryFolder(environment: Environment): string {
  const names = process.platform === 'win32' ? ['TEMP', 'TMP'] : ['TMPDIR']
  for (const name of names) {
    const value = readVariable(environment, name)
    if (value !== undefined && path.isAbsolute(value)) return value
  }
  return os.tmpdir()
}

/** Removes folders whose process died without cleaning up. Never follows links and never touches what another user owns. */
async function sweep(base: string): Promise<void> {
  const names = await readdir(base).catch(() => [])
  for (const name of names) {
    if (!name.startsWith(prefix)) continue
    const folder = path.join(base, name)
    if (await isStale(folder)) await rm(folder, { recursive: true, force: true }).catch(() => {})
  }
}

async function isStale(folder: string): Promise<boolean> {
  try {
    const stat = await lstat(folder)
    if (!stat.isDirectory() || (process.getuid && stat.uid !== process.getuid())) return false
    if (Date.now() - stat.mtimeMs > staleAfterMs) return true
    const owner: unknown = JSON.parse(await readFile(path.join(folder, ownerFile), 'utf8'))
    if (typeof owner !== 'object' || owner === null || !('pid' in owner) || !('host' in owner)) return false
    // A process id says something about this machine only: containers that share a temporary folder have their own.
    if (owner.host !== os.hostname() || typeof owner.pid !== 'number') return false
    return !isAlive(owner.pid)
  } catch {
    return false
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
