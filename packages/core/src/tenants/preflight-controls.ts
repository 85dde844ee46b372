import type { Benchmark, Control, InputDefinition, SourceDefinition } from '../benchmarks/benchmark.ts'
import type { PreflightControl, PreflightNeed } from './preflight.ts'
import type { Observations } from './preflight-probe.ts'
import { type Definitions, type SourceNeed, sourceNeeds, stateOf } from './preflight-sources.ts'

/** The needs of a control as its benchmark tells them. */
export function needsOf(control: Control): NonNullable<Control['needs']> {
  return control.needs ?? control.sources.map((source) => ({ anyOf: source.split(' | '), optional: false }))
}

export interface ControlVerdict extends PreflightControl {
  /** What its grants are: the sources it would read, their origins included. Of alternatives the one that can be read, or all of them. */
  uses: ReadonlySet<SourceDefinition>
}

/** Judges controls, and looks at each source once. */
export class ControlJudge {
  readonly #definitions: Definitions
  readonly #seen: Observations
  readonly #inputs: readonly InputDefinition[]
  readonly #given: Readonly<Record<string, unknown>>
  readonly #own = new Map<string, SourceNeed[]>()

  constructor(benchmark: Benchmark, seen: Observations, given: Readonly<Record<string, unknown>>) {
    this.#definitions = new Map(benchmark.sources?.map((definition) => [definition.id, definition]))
    this.#seen = seen
    this.#inputs = benchmark.inputs
    this.#given = given
  }

  judge(control: Control): ControlVerdict {
    const declared = new Set(needsOf(control).flatMap(({ anyOf }) => anyOf))
    const needs: PreflightNeed[] = []
    const states: GroupState[] = []
    const uses = new Set<SourceDefinition>()
    for (const { anyOf, optional } of needsOf(control)) {
      const found = anyOf.map((id) => this.#needsOf(id, declared, []))
      const state = stateOfGroup(found)
      states.push(optional && state !== 'readable' ? 'unknown' : state)
      const readable = anyOf.find((_, index) => found[index]?.length === 0)
      for (const one of sourcesReadFor(readable ? [readable] : anyOf, declared, this.#definitions)) uses.add(one)
      if (readable) continue
      for (const [index, id] of anyOf.entries()) {
        const alternativeSourceIds = anyOf.filter((other) => other !== id)
        needs.push(...(found[index] ?? []).map((one) => ({ ...one, alternativeSourceIds, optional })))
      }
    }
    const inputs = this.#inputNeeds(control)
    const outcome = outcomeOf(control, states, inputs.length > 0)
    return { controlId: control.id, outcome, needs: [...withoutRepeats(needs), ...inputs], uses }
  }

  /** What stands in the way of a source, its origins included. */
  #needsOf(id: string, declared: ReadonlySet<string>, above: readonly string[]): SourceNeed[] {
    const definition = this.#definitions.get(id)
    if (!definition) return [undeclared(id)]
    let own = this.#own.get(id)
    if (!own) {
      own = sourceNeeds(definition, this.#definitions, this.#seen)
      this.#own.set(id, own)
    }
    const origins = definition.origins.flatMap((anyOf) => {
      const chosen = chosenOrigins(anyOf, declared).filter((origin) => !above.includes(origin))
      const found = chosen.map((origin) => this.#needsOf(origin, declared, [...above, id]))
      return found.some((needs) => needs.length === 0) ? [] : found.flat()
    })
    return [...own, ...origins]
  }

  #inputNeeds(control: Control): PreflightNeed[] {
    const missing = (control.requiredInputs ?? []).filter((name) => this.#given[name] == null)
    return missing.map((name) => {
      const description = this.#inputs.find((input) => input.name === name)?.description ?? ''
      const message = `Without the operator input ${name} the verdict may stay manual. ${description}`.trim()
      const rest = { resource: null, sourceId: null, alternativeSourceIds: [], optional: false }
      return { kind: 'operator_input', state: 'missing', anyOf: [name], ...rest, message }
    })
  }
}

/** Sources with their origins, as a control that declares `declared` reads them. */
export function sourcesReadFor(
  ids: readonly string[],
  declared: ReadonlySet<string>,
  definitions: Definitions,
): ReadonlySet<SourceDefinition> {
  const pending = [...ids]
  const read = new Set<SourceDefinition>()
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const definition = definitions.get(id)
    if (!definition || read.has(definition)) continue
    read.add(definition)
    pending.push(...definition.origins.flatMap((anyOf) => chosenOrigins(anyOf, declared)))
  }
  return read
}

function undeclared(id: string): SourceNeed {
  const message = `Nothing says how ${id} is read, or what it takes.`
  return { kind: 'declaration', state: 'unknown', anyOf: [id], resource: null, sourceId: id, message }
}

/** Of the origins of a source those that the control reads anyway; the first one when it reads none. */
function chosenOrigins(anyOf: readonly string[], declared: ReadonlySet<string>): readonly string[] {
  const read = anyOf.filter((id) => declared.has(id))
  return read.length > 0 ? read : anyOf.slice(0, 1)
}

type GroupState = 'readable' | 'unreadable' | 'no_api' | 'unknown'

/** One alternative that can be read is enough; while one is open, what the others lack does not decide. */
function stateOfGroup(alternatives: readonly SourceNeed[][]): GroupState {
  const states = alternatives.map(stateOf)
  if (states.includes('readable')) return 'readable'
  if (states.includes('unknown')) return 'unknown'
  return alternatives.flat().every(({ kind }) => kind === 'no_api') ? 'no_api' : 'unreadable'
}

function outcomeOf(control: Control, states: readonly GroupState[], lacksInput: boolean): PreflightControl['outcome'] {
  if (!control.automated || states.includes('no_api')) return 'manual'
  if (states.includes('unreadable')) return 'will_not_run'
  if (states.includes('unknown')) return 'unknown'
  return lacksInput ? 'needs_input' : 'will_run'
}

function withoutRepeats(needs: readonly PreflightNeed[]): PreflightNeed[] {
  const key = (need: PreflightNeed) =>
    [
      need.kind,
      need.state,
      need.resource?.appId,
      ...need.anyOf,
      '|',
      ...need.alternativeSourceIds,
      need.optional,
    ].join()
  return [...new Map(needs.toReversed().map((need) => [key(need), need])).values()].reverse()
}
