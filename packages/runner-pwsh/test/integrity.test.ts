import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { powershellRoot } from '@tenantscope/powershell'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hashPack, judgeEvidence, type PwshRunnerOptions } from '../src/index.ts'
import { collect, hostileRunner, types } from './running.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tenantscope-pack-'))
  for (const name of ['Start-Checks.ps1', 'inputs.json', 'engine', 'benchmarks', 'checks/teams'])
    cpSync(path.join(powershellRoot, name), path.join(folder, name), { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function runWith(options: PwshRunnerOptions) {
  const runner = hostileRunner('good', { packPath: folder, ...options })
  try {
    return await collect(runner)
  } finally {
    await runner.close()
  }
}

/** Changes one bit and nothing else: neither the size nor, as far as anybody can tell, the time. */
function flipBit(place: string) {
  const file = path.join(folder, place)
  const bytes = readFileSync(file)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  writeFileSync(file, bytes)
}

describe('S-46 the scripts of a pack', () => {
  test('S-46 that are what they were are run', async () => {
    const { events, error } = await runWith({ packHashes: await hashPack(folder) })
    expect(error).toBeNull()
    expect(events.at(-1)?.type).toBe('done')
  })

  test.each([
    'Start-Checks.ps1',
    'engine/Invoke-Engine.ps1',
    'engine/judge/judging.ps1',
    'inputs.json',
    'benchmarks/cis-m365-5.0.0.json',
  ])('S-46 with one bit changed in %s nothing is run', async (place) => {
    const packHashes = await hashPack(folder)
    flipBit(place)
    const { events, error } = await runWith({ packHashes })
    expect(types(events)).toEqual([])
    expect(error).toMatchObject({
      code: 'runner_pack_changed',
      retryable: false,
      message: expect.stringContaining(`${place} was changed`),
    })
  })

  test('S-46 a verdict that was changed, one that was added and one that is missing are told', async () => {
    const packHashes = await hashPack(folder)
    const verdict = Object.keys(packHashes).find((place) => place.endsWith('verdict.ps1')) ?? ''
    appendFileSync(path.join(folder, verdict), ' ')
    expect((await runWith({ packHashes })).error).toMatchObject({ message: expect.stringContaining(verdict) })
    rmSync(path.join(folder, verdict))
    expect((await runWith({ packHashes })).error).toMatchObject({
      message: expect.stringContaining(`${verdict} is missing`),
    })
    writeFileSync(path.join(folder, verdict), readFileSync(path.join(powershellRoot, verdict)))
    writeFileSync(path.join(folder, 'engine/extra.ps1'), '')
    expect((await runWith({ packHashes })).error).toMatchObject({
      message: expect.stringContaining('engine/extra.ps1 was added'),
    })
  })

  test('S-46 the same for an engine that would wait, and for judging evidence', async () => {
    const packHashes = await hashPack(folder)
    flipBit('Start-Checks.ps1')
    const runner = hostileRunner('good', { packPath: folder, packHashes, standby: 1 })
    try {
      await runner.prepare?.()
      expect((await collect(runner)).error).toMatchObject({ code: 'runner_pack_changed' })
    } finally {
      await runner.close()
    }
    const judged = judgeEvidence({ evidence: {}, command: [process.execPath], packPath: folder, packHashes })
    await expect(judged).rejects.toMatchObject({ code: 'runner_pack_changed' })
  })

  test('S-46 a pack of the host is run as it is when the host says no hashes', async () => {
    flipBit('Start-Checks.ps1')
    expect((await runWith({})).error).toBeNull()
  })

  test('S-46 every script and data file that is shipped has a hash', async () => {
    const places = Object.keys(await hashPack(powershellRoot))
    expect(places.filter((place) => place.endsWith('verdict.ps1')).length).toBeGreaterThan(100)
    expect(places).toEqual(expect.arrayContaining(['Start-Checks.ps1', 'Install-Modules.ps1', 'inputs.json']))
    expect(places.filter((place) => /cases\.json|\/test\/|package\.json/.test(place))).toEqual([])
  })
})
