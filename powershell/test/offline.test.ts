import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import benchmark from '../benchmarks/cis-m365-5.0.0.json' with { type: 'json' }
import { runPwsh } from './pwsh.ts'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantscope-offline-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const authorizationPolicy = (apps: unknown) => ({
  state: 'read',
  data: {
    id: 'authorizationPolicy',
    defaultUserRolePermissions: { allowedToCreateApps: apps, allowedToCreateTenants: false },
  },
})

async function evidenceFile(overrides: Record<string, unknown> = {}): Promise<string> {
  const path = join(folder, `${crypto.randomUUID()}.json`)
  const document = {
    format: 'tenantscope-evidence/1',
    benchmark: { id: 'cis-m365', version: '5.0.0' },
    scanStartedAt: '2026-11-01T08:00:00Z',
    m365Tenant: { id: '00000000-0000-0000-0000-000000000001', defaultDomain: 'contoso.onmicrosoft.com' },
    inputs: {},
    sources: { 'graph/policies/authorizationPolicy': authorizationPolicy(true) },
    ...overrides,
  }
  await writeFile(path, JSON.stringify(document))
  return path
}

async function judge(path: string, ...args: string[]) {
  const output = await runPwsh('Start-Checks.ps1', ['-EvidencePath', path, ...args])
  expect(output).toMatchObject({ code: 0, stderr: '' })
  return JSON.parse(output.stdout) as {
    results: { controlId: string; status: string; reasonCode: string | null; findings: object[] }[]
  }
}

describe('judging evidence', () => {
  test('gives the results on stdout, for one control an array of one', async () => {
    const results = await judge(await evidenceFile(), '-ControlId', '5.1.2.2')
    expect(results).toEqual({
      format: 'tenantscope-results/1',
      benchmark: { id: 'cis-m365', version: '5.0.0' },
      results: [
        {
          controlId: '5.1.2.2',
          status: 'fail',
          reasonCode: null,
          message: expect.any(String),
          findings: [
            {
              resourceId: 'authorizationPolicy',
              resourceName: 'Authorization policy',
              property: 'defaultUserRolePermissions.allowedToCreateApps',
              expected: false,
              actual: true,
              compliant: false,
            },
          ],
        },
      ],
    })
  })

  test('takes several controls in one text, answers in that order, each once', async () => {
    const { results } = await judge(await evidenceFile(), '-ControlId', '5.1.2.3,5.1.2.2,5.1.2.3')
    expect(results.map(({ controlId, status }) => [controlId, status])).toEqual([
      ['5.1.2.3', 'pass'],
      ['5.1.2.2', 'fail'],
    ])
  })

  test('without a choice answers every control of the benchmark; what was not collected is not run', async () => {
    const { results } = await judge(await evidenceFile({ sources: {} }))
    expect(results.map(({ controlId }) => controlId)).toEqual(benchmark.controls.map(({ id }) => id))
    for (const { controlId, status, reasonCode } of results) {
      const check = benchmark.controls.find(({ id }) => id === controlId)?.check ?? ''
      const { sources } = JSON.parse(await readFile(new URL(`../checks/${check}/check.json`, import.meta.url), 'utf8'))
      const expected = sources.length === 0 ? 'manual no_api' : 'not_run not_collected'
      expect(`${status} ${reasonCode}`, controlId).toBe(expected)
    }
  })

  test('of one level', async () => {
    const { results } = await judge(await evidenceFile(), '-Level', 'L2')
    expect(results.map(({ controlId }) => controlId)).toEqual(
      benchmark.controls.filter(({ level }) => level === 'L2').map(({ id }) => id),
    )
  })

  test('writes a file in UTF-8 without a byte order mark, and nothing to stdout', async () => {
    const target = join(folder, 'results.json')
    const output = await runPwsh('Start-Checks.ps1', [
      '-EvidencePath',
      await evidenceFile(),
      '-ControlId',
      '1.3.8',
      '-OutputPath',
      target,
    ])
    expect(output).toEqual({ code: 0, stdout: '', stderr: '' })
    const bytes = await readFile(target)
    expect(bytes[0]).toBe('{'.charCodeAt(0))
    expect(JSON.parse(bytes.toString('utf8')).results).toHaveLength(1)
  })

  // Each state in the table of the evidence format, and what it makes of a control.
  test.each([
    ['denied', 'error', 'permission_missing'],
    ['not_supported', 'error', 'credential_cannot_read'],
    ['unavailable', 'error', 'unavailable'],
    ['timeout', 'error', 'timeout'],
    ['throttled', 'error', 'throttled'],
    ['not_found', 'error', 'not_found'],
    ['unlicensed', 'not_applicable', 'not_licensed'],
    ['not_collected', 'not_run', 'not_collected'],
    ['something_else', 'error', 'unexpected_data'],
  ])('a source that is %s', async (state, status, reasonCode) => {
    const sources = { 'graph/policies/authorizationPolicy': { state, error: { code: 'x', message: 'y' } } }
    const { results } = await judge(await evidenceFile({ sources }), '-ControlId', '5.1.2.2')
    expect(results).toMatchObject([{ status, reasonCode, findings: [] }])
  })

  test('read data that is absent, null or of a wrong type is unexpected, never pass or fail', async () => {
    for (const source of [
      { state: 'read' },
      { state: 'read', data: null },
      { state: 'read', data: [] },
      { state: 'read', data: { id: 'authorizationPolicy' } },
      authorizationPolicy(null),
      authorizationPolicy('False'),
      authorizationPolicy(0),
    ]) {
      const { results } = await judge(
        await evidenceFile({ sources: { 'graph/policies/authorizationPolicy': source } }),
        '-ControlId',
        '5.1.2.2',
      )
      expect(results, JSON.stringify(source)).toMatchObject([{ status: 'error', reasonCode: 'unexpected_data' }])
    }
  }, 60_000)

  test('the worst of several states wins', async () => {
    const sources = {
      'teams/Get-CsExternalAccessPolicy': { state: 'unlicensed' },
      'teams/Get-CsTenantFederationConfiguration': {
        state: 'denied',
        error: { code: 'Forbidden', message: 'x', permission: 'Teams Reader' },
      },
    }
    const { results } = await judge(await evidenceFile({ sources }), '-ControlId', '8.2.2')
    expect(results).toMatchObject([
      { status: 'error', reasonCode: 'permission_missing', message: expect.stringContaining('Teams Reader') },
    ])
  })
})

describe('what cannot be judged', () => {
  test.each([
    ['an unknown control', ['-ControlId', '99.9'], 2, '99.9'],
    ['a control that is none', ['-ControlId', ','], 2, 'names no control'],
    ['an unknown level', ['-Level', 'L3'], 2, 'L1 or L2'],
  ])('%s', async (_name, args, code, words) => {
    const output = await runPwsh('Start-Checks.ps1', ['-EvidencePath', await evidenceFile(), ...args])
    expect(output).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) })
  })

  test.each([
    ['no JSON', '{"format":', 3],
    ['JSON with comments', '{"format":"tenantscope-evidence/1" /* x */}', 3],
    ['another format', '{"format":"something/1","sources":{}}', 3],
    ['a list', '[]', 3],
    ['no sources', '{"format":"tenantscope-evidence/1","scanStartedAt":"2026-11-01T08:00:00Z"}', 3],
    ['another benchmark', '{"format":"tenantscope-evidence/1","benchmark":{"id":"x","version":"1"},"sources":{}}', 3],
    ['no time', '{"format":"tenantscope-evidence/1","sources":{}}', 3],
  ])('a file with %s', async (_name, text, code) => {
    const path = join(folder, `${crypto.randomUUID()}.json`)
    await writeFile(path, text)
    const output = await runPwsh('Start-Checks.ps1', ['-EvidencePath', path])
    expect(output).toMatchObject({ code, stdout: '', stderr: expect.stringContaining('Start-Checks:') })
  })

  test('a file that is not there', async () => {
    const output = await runPwsh('Start-Checks.ps1', ['-EvidencePath', join(folder, 'none.json')])
    expect(output).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('no evidence file') })
  })

  test('a target that cannot be written', async () => {
    const output = await runPwsh('Start-Checks.ps1', [
      '-EvidencePath',
      await evidenceFile(),
      '-ControlId',
      '1.3.8',
      '-OutputPath',
      join(folder, 'no', 'folder.json'),
    ])
    expect(output).toMatchObject({ code: 4, stderr: expect.stringContaining('cannot be written') })
  })

  test('nothing at all says what to give; -Help tells more', async () => {
    expect(await runPwsh('Start-Checks.ps1')).toMatchObject({ code: 2, stderr: expect.stringContaining('-Help') })
    expect(await runPwsh('Start-Checks.ps1', ['-Help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('-EvidencePath'),
    })
  })
})
