import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import benchmark from '../benchmarks/cis-m365-5.0.0.json' with { type: 'json' }
import { powershellRoot } from '../index.js'
import inputs from '../inputs.json' with { type: 'json' }
import { runPwsh } from './pwsh.ts'

interface Parsed {
  file: string
  errors: string[]
  indexed: string[]
  unrolled: string[]
  commands: string[]
  functions: { name: string; lines: number }[]
  lines: number
}

const output = await runPwsh('test/Test-Syntax.ps1', ['-Root', powershellRoot])
const files = output.stdout
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Parsed)
const verdicts = files.filter(({ file }) => file.endsWith('/verdict.ps1'))
const engine = files.filter(({ file }) => file.startsWith('engine/') || file === 'Start-Checks.ps1')

describe('PowerShell files', () => {
  test('were all read', () => {
    expect(output.stderr).toBe('')
    expect(engine.length).toBeGreaterThan(20)
    expect(verdicts.length).toBeGreaterThan(0)
  })

  test.each(files.map((file) => [file.file, file] as const))('%s parses', (_name, file) => {
    expect(file.errors).toEqual([])
  })

  test('stay small enough to read', () => {
    expect(files.filter(({ lines }) => lines > 500).map(({ file }) => file)).toEqual([])
    const long = files.flatMap(({ file, functions }) =>
      functions.filter(({ lines }) => lines > 80).map(({ name }) => `${file} ${name}`),
    )
    expect(long).toEqual([])
  })

  test('no verdict reads evidence by an index, where an absent name is a silent null', () => {
    expect(verdicts.filter(({ indexed }) => indexed.length).map(({ file, indexed }) => [file, indexed])).toEqual([])
  })

  test('no list of a reading function is unrolled into a list of one list', () => {
    expect(files.filter(({ unrolled }) => unrolled.length).map(({ file, unrolled }) => [file, unrolled])).toEqual([])
  })

  test('no module: strict mode would not reach into it', () => {
    const modules = readdirSync(powershellRoot, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.psm1') && !name.startsWith('node_modules'),
    )
    expect(modules).toEqual([])
  })

  test('the engine uses nothing that costs seconds, starts processes or leaks headers', () => {
    const forbidden = [
      'Invoke-RestMethod',
      'Invoke-WebRequest',
      'Add-Type',
      'Start-Job',
      'Start-ThreadJob',
      'Start-Process',
      'Invoke-Expression',
      'Start-Sleep',
      'Write-Host',
    ]
    expect(
      engine.flatMap(({ file, commands }) =>
        commands.filter((name) => forbidden.includes(name)).map((name) => `${file} ${name}`),
      ),
    ).toEqual([])
    for (const { file } of engine)
      expect(readFileSync(join(powershellRoot, file), 'utf8'), file).not.toMatch(
        /-Parallel\b|ServerCertificateCustomValidationCallback|RemoteCertificateValidationCallback/i,
      )
  })

  test('verdicts neither read files, nor the network, nor the clock', () => {
    for (const { file } of verdicts)
      expect(readFileSync(join(powershellRoot, file), 'utf8'), file).not.toMatch(
        /Get-Date|\[DateTime\]::(Utc)?Now|\[DateTimeOffset\]::(Utc)?Now|\[IO\.|Get-Content|Net\.Http|\$env:/i,
      )
  })
})

const json = (path: string) => JSON.parse(readFileSync(join(powershellRoot, path), 'utf8'))

const declarations = readdirSync(join(powershellRoot, 'sources'), { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.includes('/') && name.endsWith('.json') && !name.endsWith('/service.json'))
  .map((name) => ({ name, declaration: json(`sources/${name}`) }))
const byId = new Map(declarations.map(({ declaration }) => [declaration.id, declaration]))

describe('declarations of sources', () => {
  test.each(declarations.map(({ name, declaration }) => [name, declaration] as const))(
    '%s is complete',
    (name, declaration) => {
      const [service, ...rest] = String(declaration.id).split('/')
      const file = rest
        .join('/')
        .replace(/[^A-Za-z0-9-]+/g, '.')
        .replace(/^\.|\.$/g, '')
      expect(name).toBe(`${service}/${file}.json`)
      expect(['single', 'collection', 'perObject']).toContain(declaration.kind)
      // Judging tells maps from other data by the id alone.
      expect(declaration.kind === 'perObject').toBe(declaration.id.includes('{') || declaration.id === 'dns/txt')
      if (declaration.cmdlet) expect(declaration.cmdlet).toMatch(/^Get-[A-Za-z0-9]+$/)
      if (declaration.kind === 'perObject' && declaration.id !== 'dns/txt')
        expect(declaration.objects.length).toBeGreaterThan(0)
      for (const origin of [
        ...(declaration.objects ?? []).map((one: { from?: string }) => one.from),
        ...(declaration.derivedFrom ?? []),
        ...(declaration.from ?? []),
        declaration.fallbackOf,
        declaration.whenSeveral,
      ])
        if (origin) expect(byId.has(origin), origin).toBe(true)
      const plans = json('sources/service-plans.json')
      for (const plan of declaration.licence ?? []) expect(plans[plan]?.length, plan).toBeGreaterThan(0)
      if (declaration.id !== 'dns/txt') expect(declaration.permissions.length).toBeGreaterThan(0)
    },
  )
})

describe('the benchmark', () => {
  const checks = [...new Set(benchmark.controls.map(({ check }) => check))]

  test('names each control once', () => {
    const ids = benchmark.controls.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test.each(checks)('%s is there, with known sources and inputs', (key) => {
    const check = json(`checks/${key}/check.json`)
    expect(check.key).toBe(key)
    const names = check.sources.flatMap((one: string | { source?: string; anyOf?: (string | { source: string })[] }) =>
      typeof one === 'string'
        ? [one]
        : one.anyOf
          ? one.anyOf.map((other) => (typeof other === 'string' ? other : other.source))
          : [one.source],
    )
    // What a check reads only when it is there may come from evidence of another collector.
    const optional = check.sources.flatMap((one: { source?: string; optional?: boolean }) =>
      one.optional ? [one.source] : [],
    )
    for (const name of names) expect(byId.has(name) || optional.includes(name), name).toBe(true)
    for (const name of check.inputs ?? []) expect(inputs.inputs.map((input) => input.name)).toContain(name)
    // Ids of objects come from other sources; a failure there must reach the control, so the check declares them as well.
    for (const name of names) {
      const origins = (byId.get(name)?.objects ?? []).filter((one: { from?: string }) => one.from !== name)
      if (origins.length)
        expect(
          origins.some(
            (one: { from?: string; input?: string }) =>
              (one.from && names.includes(one.from)) || (one.input && check.inputs?.includes(one.input)),
          ),
          name,
        ).toBe(true)
    }
  })
})
