import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Benchmark, benchmarkSchema, type Control, RunnerError, type SourceDefinition } from '@tenantscope/core'
import { isObject, type Json, malformed, readJson, readOptionalJson, textsOf, toList } from './pack-files.ts'
import { loadSources } from './sources.ts'

/** What the benchmarks of a pack share. */
interface Shared {
  pack: string
  sources: readonly SourceDefinition[]
  inputs: readonly unknown[]
  checks: Map<string, Promise<LoadedCheck>>
}

interface LoadedCheck {
  declared: Json
  place: string
  /** Can its verdict stay open for want of an operator input? */
  mayLackInput: boolean
}

/** Reads the benchmarks of a pack, with the texts of their checks. Throws RunnerError with the file's place in the pack. */
export async function loadBenchmarks(pack: string): Promise<readonly Benchmark[]> {
  const names = await readdir(path.join(pack, 'benchmarks')).catch((cause: unknown) => {
    throw new RunnerError('runner_failed', 'The pack has no folder benchmarks. Reinstall @tenantscope/powershell.', {
      cause,
    })
  })
  const files = names.filter((name) => name.endsWith('.json')).sort()
  if (files.length === 0)
    throw new RunnerError(
      'runner_failed',
      'The folder benchmarks of the pack is empty. Reinstall @tenantscope/powershell.',
    )
  const shared: Shared = {
    pack,
    sources: await loadSources(pack),
    inputs: toList((await readOptionalJson(pack, 'inputs.json'))?.inputs),
    checks: new Map(),
  }
  return Promise.all(files.map((name) => loadBenchmark(`benchmarks/${name}`, shared)))
}

async function loadBenchmark(place: string, shared: Shared): Promise<Benchmark> {
  const file = await readJson(shared.pack, place)
  if (!Array.isArray(file.controls)) throw malformed(place, 'controls is not a list')
  const controls = await Promise.all(
    file.controls.map(async (line: unknown, index) => {
      if (!isObject(line)) throw malformed(place, `controls[${index}] is not an object`)
      if (typeof line.check !== 'string' || !/^[a-z0-9-]+\/[a-z0-9-]+$/.test(line.check))
        throw malformed(place, `controls[${index}].check is not area/key`)
      let check = shared.checks.get(line.check)
      if (check === undefined) {
        check = loadCheck(shared.pack, `checks/${line.check}`)
        shared.checks.set(line.check, check)
      }
      return toControl(line, await check, shared.inputs)
    }),
  )
  const { sources, inputs } = shared
  const parsed = benchmarkSchema.safeParse({ ...file, controls, inputs, sources })
  if (!parsed.success) throw malformed(place, describeIssue(parsed.error.issues[0], controls))
  const twice = parsed.data.controls.find(
    (control, index, all) => all.findIndex((one) => one.id === control.id) !== index,
  )
  if (twice) throw malformed(place, `control ${twice.id} is there twice`)
  return parsed.data
}

async function loadCheck(pack: string, folder: string): Promise<LoadedCheck> {
  const place = `${folder}/check.json`
  const declared = await readJson(pack, place)
  // A check lists its inputs without saying what happens when they are not given. Its verdict says so: only this reason leaves a control open for want of one.
  const verdict = await readFile(path.join(pack, folder, 'verdict.ps1'), 'utf8').catch(() => '')
  return { declared, place, mayLackInput: verdict.includes('operator_input_missing') }
}

/** Joins a benchmark line with its check. The result is not yet checked. */
function toControl(line: Json, loaded: LoadedCheck, definitions: readonly unknown[]): Record<keyof Control, unknown> {
  const { declared: check, place } = loaded
  if (check.key !== line.check) throw malformed(place, `key is not ${String(line.check)}`)
  const inputs = textsOf(check.inputs, place, 'inputs')
  const needs = toList(check.sources).map((source) => needOf(source, place))
  const remediation = isObject(check.remediation) ? check.remediation : {}
  const manual = isObject(check.manual) ? check.manual : {}
  return {
    id: line.id,
    check: line.check,
    title: check.title,
    level: line.level,
    licence: line.licence,
    profiles: line.profiles,
    section: line.section,
    assessment: line.assessment,
    automated: line.automated,
    severity: check.severity,
    rationale: check.rationale,
    impact: check.impact,
    remediation: { portal: remediation.portal, command: remediation.command ?? null, note: remediation.note ?? null },
    references: check.references ?? [],
    manualSteps: manual.steps ?? [],
    sources: needs.map(({ anyOf }) => anyOf.join(' | ')),
    needs,
    inputs,
    requiredInputs: loaded.mayLackInput ? inputs.filter((name) => !hasDefault(name, definitions)) : [],
  }
}

function hasDefault(name: string, definitions: readonly unknown[]): boolean {
  return definitions.some((one) => isObject(one) && one.name === name && one.default != null)
}

/** A need is a source id, an object with one, or alternatives of which the first that can be read is enough. */
function needOf(source: unknown, place: string): { anyOf: string[]; optional: boolean } {
  if (typeof source === 'string') return { anyOf: [source], optional: false }
  if (isObject(source)) {
    const optional = source.optional === true
    if (typeof source.source === 'string') return { anyOf: [source.source], optional }
    if (Array.isArray(source.anyOf) && source.anyOf.length > 0)
      return { anyOf: source.anyOf.flatMap((one) => needOf(one, place).anyOf), optional }
  }
  throw malformed(place, 'a source is neither an id, nor { source }, nor { anyOf }')
}

/** Names the control and the check's file where the fault lies in one. */
function describeIssue(
  issue: { path: PropertyKey[]; message: string } | undefined,
  controls: { id: unknown; check: unknown }[],
): string {
  const [first, index, ...rest] = issue?.path ?? []
  const message = issue?.message ?? 'it does not fit the format'
  const control = first === 'controls' && typeof index === 'number' ? controls[index] : undefined
  if (control === undefined) return `${(issue?.path ?? []).map(String).join('.')}: ${message}`
  return `control ${String(control.id)} (checks/${String(control.check)}/check.json), ${rest.map(String).join('.')}: ${message}`
}
