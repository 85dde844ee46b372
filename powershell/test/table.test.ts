import { describe, expect, test } from 'vitest'
import inputs from '../inputs.json' with { type: 'json' }
import servicePlans from '../sources/service-plans.json' with { type: 'json' }
import {
  checkOf,
  checks,
  controlOf,
  controls,
  declarations,
  declaredSources,
  facts,
  needsOf,
  sourceFacts,
  sourcesUsedBy,
} from './catalogue.ts'
import { graphPath, ownersOf, propertyType } from './graph-schema.ts'

// The benchmark, the checks and the sources as tables, compared with facts that were written down apart from them:
// control-facts.json (what the benchmark asks), contract-facts.json (what the services answer), graph-facts.json
// (what Microsoft Graph publishes about its types).

const controlIds = Object.keys(facts)
const factsOf = (id: string) => facts[id] ?? expect.fail(`no facts about ${id}`)

describe('the controls', () => {
  test('are the 130 of the benchmark, each once, in its order, each with a check of its own', () => {
    expect(controls.map(({ id }) => id)).toEqual(controlIds)
    expect(controlIds).toHaveLength(130)
    expect(new Set(controls.map(({ check }) => check)).size).toBe(130)
  })

  test.each(controls.map((control) => [control.id, control] as const))(
    '%s has its level, licence and place',
    (id, control) => {
      const { level, licence, profiles, section, assessment } = factsOf(id)
      expect(control).toMatchObject({ level, licence, profiles, section, assessment })
    },
  )

  // An API answers 120 in full: `automated`, whatever the benchmark calls them (their `assessment`). Four more it answers in
  // part: not automated, but with sources, so that evidence can disprove them. Six it cannot answer: no sources.
  test('124 take a verdict from evidence: 120 automated and 4 in part; 6 have no API', () => {
    const classOf = (id: string) => factsOf(id).class
    for (const { id, automated } of controls)
      expect(automated, id).toBe(['automated', 'automatable'].includes(classOf(id)))
    expect(controls.filter(({ assessment }) => assessment === 'automated')).toHaveLength(100)
    expect(controls.filter(({ automated }) => automated)).toHaveLength(120)
    const answered = controls.filter(({ id }) => checkOf(id).sources.length > 0)
    expect(answered).toHaveLength(124)
    expect(answered.filter(({ automated }) => !automated).map(({ id }) => id)).toEqual(
      controlIds.filter((id) => classOf(id) === 'partial'),
    )
    expect(controls.filter(({ id }) => checkOf(id).sources.length === 0).map(({ id }) => id)).toEqual(
      controlIds.filter((id) => classOf(id) === 'manual_only'),
    )
  })

  test('what no evidence decides alone tells a person where to look', () => {
    for (const { id, automated } of controls)
      if (!automated) expect(checkOf(id).manual?.steps.length, id).toBeGreaterThan(0)
  })
})

describe('the sources of a check', () => {
  const keys = [...checks.keys()]
  const declared = (key: string) => declaredSources(checks.get(key) ?? expect.fail(key))

  // Sources that the verdict does not name have to lead to one that it does: they say which objects to read.
  test.each(keys.map((key) => [controlOf(key), key] as const))(
    '%s: named by the verdict and declared are the same',
    (_, key) => {
      const used = sourcesUsedBy(key).filter((id) => id !== 'graph/*')
      expect(used.filter((id) => !declared(key).includes(id))).toEqual([])
      const leading = new Set(used)
      for (const id of leading) {
        const { objects = [], derivedFrom = [] } = declarations.get(id) ?? {}
        for (const origin of [...objects.map(({ from }) => from), ...derivedFrom]) if (origin) leading.add(origin)
      }
      for (const id of declared(key)) expect([...leading]).toContain(id)
    },
  )

  test('are each declared once, and only what the contract knows', () => {
    for (const [key, check] of checks) {
      const all = needsOf(check).flatMap(({ sources }) => sources)
      expect(new Set(all).size, key).toBe(all.length)
      for (const id of all) expect(id in sourceFacts || unknownToTheContract.has(id), `${key}: ${id}`).toBe(true)
    }
  })

  test.each(controlIds)('%s reads what it is said to need', (id) => {
    const missing = factsOf(id).sources.filter((source) => !declaredSources(checkOf(id)).includes(source))
    expect(missing).toEqual(notRead[id] ?? [])
  })

  test('every declared source serves a control, leads to one that does, or finds a service', () => {
    const used = new Set(keys.flatMap(declared))
    for (const { objects = [], derivedFrom = [], from = [] } of declarations.values())
      for (const id of [...objects.map((one) => one.from), ...derivedFrom, ...from]) if (id) used.add(id)
    expect([...declarations.keys()].filter((id) => !used.has(id))).toEqual([...onlySupporting])
  })
})

/** Sources a check can use when another collector hands them in. The engine does not read them. */
const unknownToTheContract = new Set(['exchange/Get-HostedOutboundSpamFilterRule'])

/** Control → sources that could serve it and do not. */
const notRead: Record<string, string[]> = {
  // The property of the tenant object is undocumented; only the sites themselves are looked at.
  '7.3.3': ['sharepoint/tenant'],
}

/** Read by no check: for the address of SharePoint's administration, and for the plans that the tenant holds. */
const onlySupporting = new Set(['graph/sites/root', 'graph/subscribedSkus'])

describe('licences', () => {
  // A control without its plan does not apply. Either a service says so, or the check does.
  test.each(controlIds)('%s names the plans it is said to need', (id) => {
    const check = checkOf(id)
    const told = [
      ...(check.licence ?? []),
      ...declaredSources(check).flatMap((one) => declarations.get(one)?.licence ?? []),
    ]
    const { plans } = factsOf(id)
    if (plans.length > 0)
      expect(
        plans.some((plan) => told.includes(plan)),
        `${plans} in ${told}`,
      ).toBe(true)
  })

  // Policies of Conditional Access exist from P1 on; what these ask for, only with P2.
  test.each(['5.2.2.6', '5.2.2.7', '5.2.2.8'])('%s asks for the wider plan itself', (id) => {
    expect(checkOf(id).licence).toEqual(['AAD_PREMIUM_P2'])
  })

  test('names of plans have ids', () => {
    for (const check of checks.values())
      for (const plan of check.licence ?? []) expect(Object.keys(servicePlans)).toContain(plan)
  })
})

describe('the operator inputs', () => {
  test.each(controlIds)('%s asks for those it is said to need', (id) => {
    expect([...checkOf(id).inputs].sort()).toEqual(Object.keys(factsOf(id).inputs).sort())
    for (const [name, type] of Object.entries(factsOf(id).inputs))
      expect(inputs.inputs.find((input) => input.name === name)?.type, name).toBe(type)
  })

  test('are each described, typed, asked for by a check, and have a default of their type', () => {
    const asked = new Set([...checks.values()].flatMap((check) => check.inputs))
    for (const { name, type, default: value, description } of inputs.inputs) {
      expect(asked.has(name), name).toBe(true)
      expect(['string[]', 'number', 'string', 'boolean'], name).toContain(type)
      expect(description.length, name).toBeGreaterThan(20)
      if (value === null) continue
      if (type === 'string[]') {
        expect(Array.isArray(value), name).toBe(true)
        for (const entry of value as string[]) expect(entry, name).toBeTypeOf('string')
      } else expect(typeof value, name).toBe(type)
    }
  })
})

describe('the declarations of sources', () => {
  const known = Object.entries(sourceFacts)
  const declarationOf = (id: string) => declarations.get(id) ?? expect.fail(`${id} is not declared`)

  test.each(known)('%s asks what the contract says', (id, { api, path, cmdlet, configuration, select, kind }) => {
    const declaration = declarationOf(id)
    if (api !== undefined) expect(declaration.api).toBe(api)
    if (path !== undefined && id.startsWith('graph/')) expect(declaration.path).toBe(path)
    if (path !== undefined && id.startsWith('sharepoint/')) expect(declaration.path).toBe(path)
    if (cmdlet !== undefined) expect(declaration.cmdlet).toBe(cmdlet)
    if (configuration !== undefined) expect(declaration.configuration).toBe(configuration)
    if (kind !== undefined) expect(declaration.entry ?? declaration.kind).toBe(kind)
    const asked = declaration.query?.$select?.split(',')
    // More may be asked for, and without $select everything comes; less would take a property from a verdict.
    if (asked && select) expect(asked).toEqual(expect.arrayContaining(select))
    if (declaration.select) for (const name of declaration.select) expect(namesOf(id), name).toContain(name)
  })

  test.each(known)(
    '%s names the permissions of the contract',
    (id, { permissions, roles = [], credential, switch: name }) => {
      const told = declarationOf(id).permissions ?? []
      for (const oneOf of [...permissions, ...roles])
        expect(
          told.some((text) => oneOf.some((permission) => text.includes(permission))),
          `${oneOf} in ${told}`,
        ).toBe(true)
      // Nothing but what is needed: every Graph permission named is one of the contract.
      if (id.startsWith('graph/')) for (const text of told) expect(permissions.flat()).toContain(text)
      if (credential) expect(told.join()).toContain(credential)
      if (name) expect(told.join().toLowerCase()).toContain(name.toLowerCase())
    },
  )

  test.each(known)('%s says that no application may read it only where that is so', (id, { delegatedOnly = false }) => {
    expect(declarationOf(id).notSupported !== undefined).toBe(delegatedOnly)
  })

  test.each(controlIds)('%s: its permissions are those of its sources', (id) => {
    const sources = declaredSources(checkOf(id))
    const told = sources.flatMap((source) => declarations.get(source)?.permissions ?? [])
    for (const permission of factsOf(id).permissions.graph ?? []) {
      // Where the service takes one of several permissions, another one may be named.
      const groups = sources
        .flatMap((source) => sourceFacts[source]?.permissions ?? [])
        .filter((one) => one.includes(permission))
      expect(
        [permission, ...groups.flat()].some((one) => told.includes(one)),
        permission,
      ).toBe(true)
    }
    for (const [service, names] of Object.entries(factsOf(id).permissions))
      if (service !== 'graph')
        for (const name of names) expect(told.join('\n').toLowerCase(), service).toContain(name.toLowerCase())
  })
})

const namesOf = (id: string) => [...Object.keys(sourceFacts[id]?.fields ?? {}), ...(sourceFacts[id]?.alsoShown ?? [])]

describe('requests to Microsoft Graph', () => {
  const requests = [...declarations.values()].flatMap((declaration) =>
    declaration.api && declaration.path && !declaration.derivedFrom
      ? (declaration.queries ?? [declaration.query ?? {}]).map((query) => [declaration.id, declaration, query] as const)
      : [],
  )

  test.each(requests)(
    '%s: path, $select, $filter and $expand name what Graph has',
    (_, { api = '', path = '' }, query) => {
      const known = graphPath(api, path) ?? expect.fail(`${api} ${path} is not in the metadata`)
      const owners = ownersOf(known)
      for (const name of query.$select?.split(',') ?? []) expect(propertyType(api, owners, name), name).toBeDefined()
      for (const [, name] of query.$filter?.matchAll(/(\w+)(?:\/any\(|\s+eq\s)/g) ?? [])
        if (name !== 'c') expect(propertyType(api, owners, name as string), name).toBeDefined()
      const expanded = query.$expand ? /^(\w+)(?:\(\$expand=(\w+)\))?$/.exec(query.$expand) : null
      if (query.$expand) {
        const type = propertyType(api, owners, expanded?.[1] ?? '', 'navigation')
        expect(type, query.$expand).toBeDefined()
        if (expanded?.[2])
          expect(propertyType(api, [type?.replace('[]', '') ?? ''], expanded[2], 'navigation')).toBeDefined()
      }
    },
  )

  test('are about 33 paths', () => expect(requests.length).toBeGreaterThan(30))
})

describe('the texts of a check', () => {
  const all = [...checks.entries()].map(([key, check]) => [controlOf(key), key, check] as const)

  test.each(all)('%s: all there, of the right length', (_, key, check) => {
    expect(check.key).toBe(key)
    expect(['low', 'medium', 'high', 'critical']).toContain(check.severity)
    expect(check.title.length).toBeGreaterThan(10)
    expect(check.title.length).toBeLessThanOrEqual(80)
    expect(check.title).not.toMatch(/^ensure|[.!]$/i)
    const sentences = check.rationale.match(/[.!?](?=\s|$)/g)?.length ?? 0
    expect(sentences).toBeGreaterThanOrEqual(1)
    expect(sentences).toBeLessThanOrEqual(3)
    expect(check.impact).toMatch(/^[A-Z].{10,}[.!]$/s)
    // Where to click; or that no portal has it, and then a command does.
    expect(check.remediation.portal).toMatch(/ > |^No portal shows this|^At the DNS host/)
    if (check.remediation.portal.startsWith('No portal')) expect(check.remediation.command).not.toBeNull()
    expect(check.remediation.command === null || check.remediation.command.trim() !== '').toBe(true)
    if (check.remediation.note != null) expect(check.remediation.note).toMatch(/^[A-Z"].{10,}[.!]$/s)
    expect(check.references.length).toBeGreaterThan(0)
    for (const text of [
      check.title,
      check.rationale,
      check.impact,
      ...check.references,
      ...(check.manual?.steps ?? []),
    ])
      expect(text).toBe(text.trim())
    for (const step of check.manual?.steps ?? []) expect(step.length).toBeGreaterThan(15)
  })

  // Two texts that share most of their three-word runs say the same: one of them says nothing of its own control.
  test.each(['title', 'rationale', 'impact'] as const)('no %s is nearly that of another check', (field) => {
    const runs = all.map(([id, , check]) => [id, threeWordRuns(check[field])] as const)
    const alike = runs.flatMap(([id, mine], at) =>
      runs.slice(at + 1).flatMap(([other, theirs]) => (similarity(mine, theirs) > 0.6 ? [`${id} ${other}`] : [])),
    )
    expect(alike).toEqual([])
  })
})

function threeWordRuns(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? []
  return new Set(
    words.length < 3 ? [words.join(' ')] : words.slice(2).map((_, at) => words.slice(at, at + 3).join(' ')),
  )
}

function similarity(one: Set<string>, other: Set<string>): number {
  const shared = [...one].filter((run) => other.has(run)).length
  return shared / (one.size + other.size - shared)
}
