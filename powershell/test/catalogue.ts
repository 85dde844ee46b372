import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import benchmark from '../benchmarks/cis-m365-5.0.0.json' with { type: 'json' }
import { powershellRoot } from '../index.js'
import contractFacts from './contract-facts.json' with { type: 'json' }
import controlFacts from './control-facts.json' with { type: 'json' }

// The checks, the declarations of sources, and the committed facts they are compared with.

const read = (path: string) => readFileSync(join(powershellRoot, path), 'utf8')
const json = (path: string) => JSON.parse(read(path))

interface AnyOf {
  anyOf: (string | { source: string })[]
}
interface Declared {
  source: string
  notFound?: 'error' | 'empty' | 'not_applicable'
  optional?: boolean
  entries?: 'all' | 'partial'
}

/** One need of a check: the sources that can answer it, in the order of preference. */
export interface Need {
  sources: string[]
  notFound: 'error' | 'empty' | 'not_applicable'
  optional: boolean
  entries: 'all' | 'partial'
}

export interface Check {
  key: string
  sources: (string | AnyOf | Declared)[]
  inputs: string[]
  licence?: string[]
  severity: string
  title: string
  rationale: string
  remediation: { portal: string; command: string | null; note?: string | null }
  impact: string
  references: string[]
  manual?: { steps: string[] }
}

export function needsOf(check: Check): Need[] {
  return check.sources.map((one) => {
    const declared: Partial<Declared> = typeof one === 'string' || 'anyOf' in one ? {} : one
    const sources =
      typeof one === 'string'
        ? [one]
        : 'anyOf' in one
          ? one.anyOf.map((other) => (typeof other === 'string' ? other : other.source))
          : [one.source]
    return {
      sources,
      notFound: declared.notFound ?? 'error',
      optional: declared.optional ?? false,
      entries: declared.entries ?? 'all',
    }
  })
}

export const declaredSources = (check: Check): string[] => [
  ...new Set(needsOf(check).flatMap(({ sources }) => sources)),
]

/** What the contract says of a source. Properties: name → type, `?` behind a type: it may be null. */
export interface SourceFacts {
  api?: string
  path?: string
  kind?: string
  select?: string[]
  cmdlet?: string
  configuration?: string
  /** One permission of each inner list. */
  permissions: string[][]
  /** One directory role of each inner list. */
  roles?: string[][]
  credential?: string
  switch?: string
  delegatedOnly?: boolean
  fields: Record<string, string>
  /** Properties that answers were seen to have besides. */
  alsoShown?: string[]
}

export interface ControlFacts {
  level: string
  licence: string
  profiles: string[]
  section: string
  assessment: string
  class: 'automated' | 'automatable' | 'partial' | 'manual_only'
  plans: string[]
  inputs: Record<string, string>
  sources: string[]
  permissions: Record<string, string[]>
}

export interface SourceDeclaration {
  id: string
  kind: string
  entry?: string
  api?: string
  path?: string
  query?: Record<string, string>
  queries?: Record<string, string>[]
  cmdlet?: string
  configuration?: string
  select?: string[]
  permissions?: string[]
  licence?: string[]
  notSupported?: string
  objects?: { from?: string; input?: string }[]
  derivedFrom?: string[]
  derive?: string
  properties?: string[]
  from?: string[]
  fallbackOf?: string
  whenSeveral?: string
}

export const sourceFacts: Record<string, SourceFacts> = contractFacts.sources
export const facts = controlFacts.controls as Record<string, ControlFacts>
export const controls = benchmark.controls

export const checks = new Map<string, Check>(
  controls.map(({ check }) => [check, json(`checks/${check}/check.json`) as Check]),
)
const verdictOf = (key: string): string => read(`checks/${key}/verdict.ps1`)
export const checkOf = (controlId: string): Check => {
  const check = checks.get(controls.find(({ id }) => id === controlId)?.check ?? '')
  if (!check) throw new Error(`The benchmark has no control ${controlId}.`)
  return check
}
/** The control that a check answers, for names of tests. */
export const controlOf = (key: string): string => controls.find(({ check }) => check === key)?.id ?? key

export const declarations = new Map<string, SourceDeclaration>(
  readdirSync(join(powershellRoot, 'sources'), { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.includes('/') && name.endsWith('.json') && !name.endsWith('/service.json'))
    .map((name) => json(`sources/${name}`) as SourceDeclaration)
    .map((declaration) => [declaration.id, declaration]),
)

const vocabularyFolder = 'engine/judge/vocabulary'
const vocabulary = readdirSync(join(powershellRoot, vocabularyFolder))
  .filter((name) => name.endsWith('.ps1'))
  .map((name) => read(`${vocabularyFolder}/${name}`).replaceAll('\r\n', '\n'))

/** The functions and the file-wide variables of the vocabulary: name → text. */
const words = new Map<string, string>()
for (const text of vocabulary) {
  for (const [whole, name] of text.matchAll(/^function ([\w-]+) \{$[\s\S]*?^\}$/gm)) words.set(name as string, whole)
  for (const [, name, value] of text.matchAll(/^\$(\w+) = (.*)$/gm)) words.set(`$${name}`, value as string)
}

const knownSources = new Set([...declarations.keys(), ...Object.keys(sourceFacts)])

/** Ids of sources that a text writes down, also as the beginning of a longer text ("<source> at …"). */
function writtenSources(text: string): string[] {
  const found: string[] = []
  for (const [, literal] of text.matchAll(
    /['"]((?:graph|exchange|compliance|teams|sharepoint|fabric|dns)\/[^'"]*)['"]/g,
  ))
    found.push(
      [...knownSources].filter((id) => literal === id || literal?.startsWith(`${id} `)).sort()[0] ??
        (literal as string),
    )
  return found
}

/** Every source a verdict names, itself or by the words it uses. */
export function sourcesUsedBy(key: string): string[] {
  const seen = new Set<string>()
  const used = new Set<string>()
  const pending = [verdictOf(key)]
  for (let text = pending.pop(); text !== undefined; text = pending.pop()) {
    const code = text.replaceAll(/^\s*#.*$/gm, '')
    for (const source of writtenSources(code)) used.add(source)
    for (const [name] of code.matchAll(/\$\w+|\b[A-Z]\w*-[A-Z]\w*\b/g)) {
      const word = words.get(name)
      if (word === undefined || seen.has(name)) continue
      seen.add(name)
      pending.push(word)
    }
  }
  return [...used].sort()
}
