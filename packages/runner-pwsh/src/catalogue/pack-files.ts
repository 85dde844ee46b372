import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { RunnerError } from '@tenantscope/core'

export type Json = Record<string, unknown>

export async function readJson(pack: string, place: string): Promise<Json> {
  let text: string
  try {
    text = await readFile(path.join(pack, place), 'utf8')
  } catch (cause) {
    throw new RunnerError(
      'runner_failed',
      `The pack's file ${place} cannot be read. Reinstall @tenantscope/powershell.`,
      { cause },
    )
  }
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    if (isObject(value)) return value
  } catch (cause) {
    throw new RunnerError('runner_failed', `The pack's file ${place} is not JSON. Reinstall @tenantscope/powershell.`, {
      cause,
    })
  }
  throw malformed(place, 'it is not an object')
}

/** The same for a file that a pack may lack. */
export async function readOptionalJson(pack: string, place: string): Promise<Json | null> {
  return (await exists(pack, place)) ? readJson(pack, place) : null
}

/** Names in a folder of the pack, sorted; none when the pack lacks it. */
export async function listFolder(pack: string, place: string): Promise<string[]> {
  return (await readdir(path.join(pack, place)).catch(() => [])).sort()
}

async function exists(pack: string, place: string): Promise<boolean> {
  return (await listFolder(pack, path.dirname(place))).includes(path.basename(place))
}

export function malformed(place: string, detail: string): RunnerError {
  return new RunnerError('runner_failed', `The pack's file ${place} is malformed: ${detail}.`)
}

export function toList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

export function textsOf(value: unknown, place: string, what: string): string[] {
  const list = toList(value)
  if (list.every((one) => typeof one === 'string')) return list
  throw malformed(place, `${what} is not a list of texts`)
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
