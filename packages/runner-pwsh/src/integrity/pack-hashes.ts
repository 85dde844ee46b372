import { createHash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/** SHA-256 in hex of each file of a pack that the engine may run or read, by its place with `/`. */
export type PackHashes = Readonly<Record<string, string>>

const rootFiles = ['Start-Checks.ps1', 'Install-Modules.ps1', 'inputs.json']
const folders = ['engine', 'sources', 'checks', 'benchmarks']
/** Of a check no other file is shipped; what else lies there belongs to its tests. */
const checkFiles = new Set(['check.json', 'verdict.ps1'])
/** Enough to keep the disk busy, few enough not to use the file descriptors of the host up. */
const readsAtOnce = 16

/** Hashes the files of a pack: scripts, modules and JSON. Each file is read: times and sizes prove nothing. Rejects with the error of the file system. */
export async function hashPack(pack: string): Promise<PackHashes> {
  const places = await listPack(pack)
  const hashes: [string, string][] = []
  const next = places.values()
  await Promise.all(
    Array.from({ length: readsAtOnce }, async () => {
      for (const place of next) hashes.push([place, sha256(await readFile(path.join(pack, place)))])
    }),
  )
  return Object.fromEntries(hashes.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** What differs between two sets of hashes, in words: the first place in order, and how many more. Null when they are the same. */
export function describeDifference(expected: PackHashes, found: PackHashes): string | null {
  const places = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort()
  const different = places.filter((place) => expected[place] !== found[place])
  const [first] = different
  if (first === undefined) return null
  const what = !(first in found) ? 'is missing' : first in expected ? 'was changed' : 'was added'
  return different.length === 1 ? `${first} ${what}` : `${first} ${what}, and ${different.length - 1} more differ`
}

async function listPack(pack: string): Promise<string[]> {
  const inFolders = await Promise.all(folders.map((folder) => listFolder(pack, folder)))
  const atRoot = (await entriesOf(pack)).filter((entry) => rootFiles.includes(entry.name)).map((entry) => entry.name)
  return [...atRoot, ...inFolders.flat()]
}

async function listFolder(pack: string, place: string): Promise<string[]> {
  const entries = await entriesOf(path.join(pack, place))
  const lists = entries.map((entry) => {
    const inside = `${place}/${entry.name}`
    // A link counts as what it leads to: as a file it is hashed, as a folder its reading fails and so does the check.
    if (entry.isDirectory()) return listFolder(pack, inside)
    return counts(inside, entry.name) ? [inside] : []
  })
  return (await Promise.all(lists)).flat()
}

function counts(place: string, name: string): boolean {
  return place.startsWith('checks/') ? checkFiles.has(name) || /\.psm?1$/.test(name) : /\.(psm?1|json)$/.test(name)
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
