import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createPrivateFolder } from './private-folder.ts'

let base: string
beforeEach(() => {
  base = mkdtempSync(path.join(os.tmpdir(), 'private-folder-test-'))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const environment = () => ({ TMPDIR: base, TEMP: base })

function leftover(name: string, owner: object | null): string {
  const folder = path.join(base, `tenantscope-runner-pwsh-${name}`)
  mkdirSync(folder)
  writeFileSync(path.join(folder, 'evidence.json'), '{}')
  if (owner) writeFileSync(path.join(folder, 'owner.json'), JSON.stringify(owner))
  return folder
}

/** No process has an id this high. */
const deadPid = 2 ** 30

describe('the private folder', () => {
  test('S-45 may be entered by its user alone and is gone afterwards', async () => {
    const folder = await createPrivateFolder(environment())
    expect(path.dirname(folder.path)).toBe(base)
    if (process.platform !== 'win32') {
      for (const place of [folder.path, path.join(folder.path, 'home'), path.join(folder.path, 'tmp')])
        expect(statSync(place).mode & 0o777).toBe(0o700)
      expect(statSync(path.join(folder.path, 'owner.json')).mode & 0o777).toBe(0o600)
    }
    expect(await folder.touch()).toBe(true)
    await folder.remove()
    expect(existsSync(folder.path)).toBe(false)
    expect(await folder.touch()).toBe(false)
  })

  test('S-45 what a dead process of this machine left, and what nobody touched for a day, is swept', async () => {
    const dead = leftover('dead', { pid: deadPid, host: os.hostname() })
    const old = leftover('old', { pid: process.pid, host: 'elsewhere' })
    const past = new Date(Date.now() - 25 * 60 * 60 * 1000)
    utimesSync(old, past, past)
    await (await createPrivateFolder(environment())).remove()
    expect(existsSync(dead)).toBe(false)
    expect(existsSync(old)).toBe(false)
  })

  test('S-45 what may be in use, and what is no folder of ours, stays', async () => {
    const alive = leftover('alive', { pid: process.pid, host: os.hostname() })
    const elsewhere = leftover('elsewhere', { pid: deadPid, host: 'another-container' })
    const beginning = leftover('beginning', null)
    const target = path.join(base, 'tenantscope-precious')
    mkdirSync(target)
    const past = new Date(Date.now() - 25 * 60 * 60 * 1000)
    utimesSync(target, past, past)
    writeFileSync(path.join(target, 'owner.json'), JSON.stringify({ pid: deadPid, host: os.hostname() }))
    symlinkSync(target, path.join(base, 'tenantscope-runner-pwsh-link'), 'junction')
    await (await createPrivateFolder(environment())).remove()
    for (const folder of [alive, elsewhere, beginning, target]) expect(existsSync(folder)).toBe(true)
  })
})
