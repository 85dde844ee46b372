import { RunnerError } from '@tenantscope/core'
import { powershellRoot } from '@tenantscope/powershell'
import type { LaunchOptions } from '../process/launch.ts'
import { describeDifference, hashPack, type PackHashes } from './pack-hashes.ts'

/** Written into the bundle by the build: hashes of the pack of the same version. There are none in a source tree, where scripts are edited. */
declare const TENANTSCOPE_PACK_HASHES: PackHashes | undefined

const shipped = typeof TENANTSCOPE_PACK_HASHES === 'undefined' ? null : TENANTSCOPE_PACK_HASHES

/** What the files of the pack must be; null when nobody said: a pack of the host's own without hashes, or a source tree. */
export function expectedHashes({ packPath, packHashes }: Pick<LaunchOptions, 'packPath' | 'packHashes'>) {
  return packHashes ?? (packPath === undefined || packPath === powershellRoot ? shipped : null)
}

/** Reads every file of the pack and compares. Throws RunnerError: `runner_pack_changed` when one byte differs, a file is missing or was added. */
export async function verifyPack(pack: string, expected: PackHashes | null): Promise<void> {
  if (expected === null) return
  const found = await hashPack(pack).catch((cause: NodeJS.ErrnoException) => {
    const retryable = cause.code === 'EMFILE' || cause.code === 'ENFILE'
    const message = `The files of the pack cannot be read (${cause.code ?? 'no code'}).`
    throw new RunnerError('runner_failed', message, { cause, retryable })
  })
  const difference = describeDifference(expected, found)
  if (difference !== null)
    throw new RunnerError(
      'runner_pack_changed',
      `The scripts are not those that were shipped: ${difference}. Nothing was run. Reinstall @tenantscope/powershell, or name a pack of your own with packPath.`,
    )
}
