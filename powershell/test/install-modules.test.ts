import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runPwsh } from './pwsh.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantscope-install-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const run = (...args: string[]) => runPwsh('Install-Modules.ps1', args)
const planned = (stdout: string) =>
  [...stdout.matchAll(/^(install|there)\s+(\S+) (\S+)/gm)].map(([, what, name]) => `${what} ${name}`)

test('-WhatIf tells all five with versions, and installs none', async () => {
  const { code, stdout, stderr } = await run('-WhatIf', '-Path', folder)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(planned(stdout)).toEqual([
    'install ExchangeOnlineManagement',
    'install MicrosoftTeams',
    'install PnP.PowerShell',
    'install Microsoft.Graph',
    'install MicrosoftPowerBIMgmt',
  ])
  expect(stdout.match(/What if: .*PowerShell Gallery/g)).toHaveLength(5)
  expect(stdout).toContain(`modulePath: ['${folder}']`)
  expect(await readdir(folder)).toEqual([])
})

test('-Service tells what these services need, and what is there already', async () => {
  const there = join(folder, 'MicrosoftTeams', '7.6.0')
  await mkdir(there, { recursive: true })
  await writeFile(join(there, 'MicrosoftTeams.psd1'), "@{ ModuleVersion = '7.6.0' }")
  const { stdout } = await run('-WhatIf', '-Path', folder, '-Service', 'exchange,compliance,teams')
  expect(planned(stdout)).toEqual(['install ExchangeOnlineManagement', 'there MicrosoftTeams'])
})

test.each([
  [['-Service', 'graph'], '-Service must be of exchange, compliance, teams, sharepoint'],
  [['-Scope', 'Everybody'], '-Scope must be'],
  [['-Scope', 'AllUsers', '-Path', 'x'], 'not both'],
])('wrong arguments %j are told', async (args, words) => {
  const { code, stderr } = await run(...args, '-WhatIf')
  expect(code).toBe(2)
  expect(stderr).toContain(words)
})

test('-Help shows the text', async () => {
  const { code, stdout } = await run('-Help')
  expect(code).toBe(0)
  expect(stdout).toContain('.PARAMETER Service')
})
