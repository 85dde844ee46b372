import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pwshRunner } from '../runner.ts'
import { findPowerShell } from './find-powershell.ts'

let base: string
beforeEach(() => {
  base = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'find-powershell-test-')))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

function put(place: string, text = '', mode = 0o755): string {
  const file = path.join(base, place)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}

function find(changes: { PATH?: string[]; pwshPath?: string; from?: string; more?: Record<string, string> } = {}) {
  const PATH = (changes.PATH ?? []).map((folder) =>
    path.isAbsolute(folder) || folder === '.' ? folder : path.join(base, folder),
  )
  return findPowerShell({
    environment: { PATH: PATH.join(path.delimiter), HOME: path.join(base, 'home'), ...changes.more },
    pwshPath: changes.pwshPath,
    toolManifestFrom: path.join(base, changes.from ?? 'work'),
  })
}

const manifest = (version: string) =>
  JSON.stringify({ version: 1, tools: { powershell: { version, commands: ['pwsh'] } } })
const dllPlace = 'tools/net10.0/any/unix/pwsh.dll'

describe.skipIf(process.platform === 'win32')('PowerShell is found', () => {
  test('on the PATH that was handed in, behind links', async () => {
    const real = put('opt/pwsh')
    mkdirSync(path.join(base, 'bin'))
    symlinkSync(real, path.join(base, 'bin/pwsh'))
    expect(await find({ PATH: ['empty', 'bin'] })).toEqual({ file: real, arguments: [] })
  })

  test('R-51 not where it cannot be executed, and not through a relative entry of the PATH', async () => {
    put('bin/pwsh', '', 0o644)
    await expect(find({ PATH: ['bin', '.'] })).rejects.toMatchObject({
      code: 'runner_missing',
      message: expect.stringContaining('Install PowerShell'),
    })
  })

  test('behind the shim of a global .NET tool: a signal to the shim would not reach it', async () => {
    put('tools/pwsh')
    const dll = put(`tools/.store/powershell/7.6.9/powershell/7.6.9/${dllPlace}`)
    const dotnet = put('net/dotnet')
    expect(await find({ PATH: ['tools', 'net'] })).toEqual({ file: dotnet, arguments: [dll] })
  })

  test('as the .NET tool of the nearest manifest, in the newest framework folder', async () => {
    put('.config/dotnet-tools.json', manifest('7.6.9'))
    put('home/.nuget/packages/powershell/7.6.9/tools/net9.0/any/unix/pwsh.dll')
    const dll = put(`home/.nuget/packages/powershell/7.6.9/${dllPlace}`)
    const dotnet = put('net/dotnet')
    expect(await find({ PATH: ['net'], from: 'a/b/c' })).toEqual({ file: dotnet, arguments: [dll] })
    put('a/b/.config/dotnet-tools.json', manifest('7.5.0'))
    const nearer = put(`store/powershell/7.5.0/${dllPlace}`)
    const root = put('root/dotnet')
    const more = { NUGET_PACKAGES: path.join(base, 'store'), DOTNET_ROOT: path.join(base, 'root') }
    expect(await find({ PATH: ['net'], from: 'a/b/c', more })).toEqual({ file: root, arguments: [nearer] })
  })

  test('never outside the store, whatever the manifest says', async () => {
    put('.config/dotnet-tools.json', manifest('../../evil'))
    put(`home/evil/${dllPlace}`)
    put('net/dotnet')
    await expect(find({ PATH: ['net'] })).rejects.toMatchObject({ code: 'runner_missing' })
  })

  test('R-51 at the given place, or not at all', async () => {
    const own = put('own/pwsh')
    expect(await find({ pwshPath: own })).toEqual({ file: own, arguments: [] })
    await expect(find({ pwshPath: path.join(base, 'none'), PATH: ['own'] })).rejects.toMatchObject({
      code: 'runner_missing',
      message: expect.stringContaining('pwshPath'),
    })
    const dll = put('own/pwsh.dll')
    await expect(find({ pwshPath: dll })).rejects.toMatchObject({ message: expect.stringContaining('dotnet') })
  })
})

describe.skipIf(process.platform === 'win32')('its version', () => {
  async function health(script: string) {
    const runner = pwshRunner({
      pwshPath: put('fake/pwsh', `#!/bin/sh\n${script}\n`),
      environment: { PATH: '/usr/bin:/bin', TMPDIR: base },
    })
    try {
      return await runner.health()
    } finally {
      await runner.close()
    }
  }

  test.each([
    ['echo "PowerShell 7.4.0"', true, /7\.4\.0/],
    ['echo "PowerShell 8.0.0-preview.1"', true, /8\.0\.0/],
    ['echo "PowerShell 7.3.12"', false, /7\.3\.12.*Install 7\.4/],
    ['echo "PowerShell 6.2"', false, /Install 7\.4/],
    ['echo "no such option" >&2; exit 1', false, /no such option/],
    ['exit 0', false, /did not say/],
  ])('R-51 %s', async (script, ok, detail) => {
    const result = await health(script)
    expect(result.ok).toBe(ok)
    expect(result.detail).toMatch(detail)
  })

  test('R-51 a file that is no program is told before the scan starts', async () => {
    const file = put('fake/pwsh', 'no program', 0o755)
    const runner = pwshRunner({ pwshPath: file, environment: { PATH: '/usr/bin:/bin', TMPDIR: base } })
    expect((await runner.health()).ok).toBe(false)
    await runner.close()
  })
})
