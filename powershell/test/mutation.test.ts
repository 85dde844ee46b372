import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checks, controlOf, declarations, sourceFacts } from './catalogue.ts'
import { graphPath, ownersOf, unknownStep } from './graph-schema.ts'
import { exceptions, stateExceptions } from './mutation-exceptions.ts'
import { namesIn, runMutations, type ValueLine } from './mutation-lines.ts'
import { isAllowedByRule, isRightAnswer, placeOf, rightAnswers } from './mutation-rules.ts'

// Evidence that is broken in one place, judged by the real verdicts: what was not read never becomes pass or fail.
// TENANTSCOPE_MUTATIONS=full breaks every place of every case, which takes a long while; TENANTSCOPE_SEED chooses another sample.

const full = process.env.TENANTSCOPE_MUTATIONS === 'full'
const { reads, states, values, counts, stderr } = await runMutations(
  full ? ['-Full'] : ['-Seed', process.env.TENANTSCOPE_SEED ?? '1'],
)
const keys = [...checks].filter(([, check]) => check.sources.length > 0).map(([key]) => key)
const tested = keys.map((key) => [controlOf(key), key] as const)

/** Place → status with that list emptied. */
const emptied = new Map(values.filter((line) => line.mutation === 'empty').map((line) => [placeOf(line), line.status]))
const isAllowed = (line: ValueLine) => isAllowedByRule(line, emptied) || exceptions.some(({ of }) => of(line))

test('the cases of every check were broken in many places', () => {
  expect(stderr).toBe('')
  expect(counts.map(({ check }) => check)).toEqual(expect.arrayContaining(keys))
  for (const { check, cases, places, judged } of counts)
    if (keys.includes(check)) expect(cases > 1 && places > 0 && judged > 40, check).toBe(true)
  expect(counts.reduce((sum, { judged }) => sum + judged, 0)).toBeGreaterThan(15_000)
})

describe('a source, or one object of it, that was not read', () => {
  test.each(tested)('%s gives its state, or what the rest alone says', (_, key) => {
    const lines = states.filter((line) => line.check === key)
    expect(lines.length).toBeGreaterThan(9)
    const wrong = lines.filter((line) => !isRightAnswer(line) && !stateExceptions.some(({ of }) => of(line)))
    expect(
      wrong.map(
        (line) =>
          `${line.source} ${line.entry ?? ''} ${line.state}: ${line.base} became ${line.status} ${line.reasonCode}, expected ${rightAnswers(line).join(' or ')} (case ${line.case})`,
      ),
    ).toEqual([])
  })
})

describe('a value that is absent, null, of another type, or an empty list', () => {
  test.each(tested)('%s gives unexpected data, or has a reason', (_, key) => {
    const wrong = values.filter((line) => line.check === key && !isAllowed(line))
    expect(
      wrong.map(
        ({ source, path, mutation, base, status, case: name }) =>
          `${source} ${path} ${mutation}: ${base} became ${status} (case ${name})`,
      ),
    ).toEqual([])
  })

  test.runIf(full)('every exception is needed', () => {
    const left = values.filter((line) => !isAllowedByRule(line, emptied))
    expect(exceptions.filter(({ of }) => !left.some(of)).map(({ reason }) => reason)).toEqual([])
    const wrong = states.filter((line) => !isRightAnswer(line))
    expect(stateExceptions.filter(({ of }) => !wrong.some(of)).map(({ reason }) => reason)).toEqual([])
  })
})

/** Properties that verdicts ask for and that neither Graph's metadata nor the contract knows, with the reason. */
const otherShapes: { source: RegExp; names: RegExp; reason: string }[] = [
  {
    source: /^graph\/beta\/admin\/\w+\/settings$|^graph\/deviceManagement\/settings$/,
    names: /^(value\.)?(settings\.)?\w+$/,
    reason: 'The same settings inside their parent, or wrapped once more.',
  },
  {
    source: /microsoftAuthenticator$/,
    names: /^featureSettings\.numberMatchingRequiredState/,
    reason: 'Still in the beta metadata; answers may hold it.',
  },
  { source: /Approval_EndUser_Assignment$/, names: /primaryApprovers\.isBackup$/, reason: 'In older answers only.' },
  {
    source: /^(compliance|exchange)\//,
    names: /^(\w*Location|AllowedSenderDomains|AssignedRoles)\.(Name|Domain)$/,
    reason: 'The vendor’s module gives objects where the wire gives names.',
  },
  { source: /^exchange\/Get-HostedOutboundSpamFilterRule$/, names: /^/, reason: 'Read by other collectors only.' },
  {
    source: /^sharepoint\/tenant/,
    names: /^(OneDriveSharingCapability|AllowedDomainList|TenantRestrictionEnabled|WhoCan\w+)$/,
    reason: 'The names that the module gives.',
  },
  {
    source: /^teams\/Get-CsTenantFederationConfiguration$/,
    names: /^AllowedDomains\./,
    reason: 'Each client writes the list in its own way.',
  },
  { source: /^fabric\//, names: /^excludedSecurityGroups\.\w+$/, reason: 'Made like the groups that may.' },
  {
    source: /./,
    names: /(^|\.)userPrincipalName$/i,
    reason: 'Asked of everything that might be a person, for its name.',
  },
]

describe('what verdicts read', () => {
  function isKnown(source: string, names: string[]): boolean {
    const { api, path } = declarations.get(source) ?? {}
    const known = api && path ? graphPath(api, path) : undefined
    if (known && api) return unknownStep(api, ownersOf(known), names) === null
    const facts = sourceFacts[source]
    const all = facts ? [...Object.keys(facts.fields), ...(facts.alsoShown ?? [])] : []
    const name = names.join('.')
    return all.some((one) => one === name || one.startsWith(`${name}.`))
  }

  test.each(reads.map((line) => [controlOf(line.check), line] as const))('%s reads what services have', (_, line) => {
    const unknown = line.reads
      .map((text) => text.split('\t'))
      .map(([source = '', shape = '']) => ({ source, names: namesIn(shape) }))
      .filter(({ source, names }) => names.length > 0 && !isKnown(source, names))
      .filter(
        ({ source, names }) => !otherShapes.some((one) => one.source.test(source) && one.names.test(names.join('.'))),
      )
    expect(unknown.map(({ source, names }) => `${source} ${names.join('.')}`)).toEqual([])
  })
})

// The net itself: a verdict that makes the classic mistakes has to be caught.
test('a careless verdict is caught', async () => {
  const root = await mkdtemp(join(tmpdir(), 'tenantscope-mutations-'))
  try {
    const folder = join(root, 'checks', 'test', 'careless')
    await mkdir(folder, { recursive: true })
    await writeFile(
      join(folder, 'check.json'),
      JSON.stringify({ key: 'test/careless', sources: ['test/one'], inputs: [] }),
    )
    await writeFile(
      join(folder, 'verdict.ps1'),
      [
        'param($Evidence, $Context)',
        "$rows = @($Evidence.'test/one')",
        // A text on the left, or the boolean on the left would make every text equal.
        `$bad = $rows.Where({ $_.PSObject.Properties.Where({ $_.Name -eq 'on' -and $_.Value -and 'no' -ne $_.Value }).Count })`,
        "if ($bad.Count) { return New-Verdict fail 'On.' @() }",
        "New-Verdict pass 'Off.' @()",
      ].join('\n'),
    )
    const cases = [
      ['pass', false],
      ['fail', true],
    ].map(([status, on]) => ({
      name: status,
      sources: { 'test/one': { state: 'read', data: [{ id: 'a', on }] } },
      expect: { status },
    }))
    await writeFile(join(folder, 'cases.json'), JSON.stringify({ cases }))
    const careless = await runMutations(['-Full', '-ChecksRoot', root])
    expect(careless.stderr).toBe('')
    const caught = careless.values
      .filter((line) => !isAllowedByRule(line, new Map()))
      .map(({ base, status, path, mutation }) => `${base}>${status} ${path} ${mutation}`)
    expect(caught).toEqual(
      expect.arrayContaining([
        'fail>pass /[0]/on absent',
        'fail>pass /[0]/on null',
        'fail>pass  empty',
        'pass>fail /[0]/on wrong',
        'pass>fail /[0]/on kindred',
      ]),
    )
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})
