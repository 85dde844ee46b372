import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Benchmark, benchmarkSchema, type Control, RunnerError } from '@tenantscope/core'

type Json = Record<string, unknown>

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
  const checks = new Map<string, Promise<Json>>()
  return Promise.all(files.map((name) => loadBenchmark(pack, `benchmarks/${name}`, checks)))
}

async function loadBenchmark(pack: string, place: string, checks: Map<string, Promise<Json>>): Promise<Benchmark> {
  const file = await readJson(pack, place)
  if (!Array.isArray(file.controls)) throw malformed(place, 'controls is not a list')
  const controls = await Promise.all(
    file.controls.map(async (line: unknown, index) => {
      if (!isObject(line)) throw malformed(place, `controls[${index}] is not an object`)
      if (typeof line.check !== 'string' || !/^[a-z0-9-]+\/[a-z0-9-]+$/.test(line.check))
        throw malformed(place, `controls[${index}].check is not area/key`)
      const checkPlace = `checks/${line.check}/check.json`
      let check = checks.get(checkPlace)
      if (check === undefined) {
        check = readJson(pack, checkPlace)
        checks.set(checkPlace, check)
      }
      return toControl(line, await check, checkPlace)
    }),
  )
  const parsed = benchmarkSchema.safeParse({ ...file, controls })
  if (!parsed.success) throw malformed(place, describeIssue(parsed.error.issues[0], controls))
  const twice = parsed.data.controls.find(
    (control, index, all) => all.findIndex((one) => one.id === control.id) !== index,
  )
  if (twice) throw malformed(place, `control ${twice.id} is there twice`)
  return parsed.data
}

/** Joins a benchmark line with its check. The result is not yet checked. */
function toControl(line: Json, check: Json, checkPlace: string): Record<keyof Control, unknown> {
  if (check.key !== line.check) throw malformed(checkPlace, `key is not ${String(line.check)}`)
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
    sources: toList(check.sources).map((source) => sourceName(source, checkPlace)),
    inputs: check.inputs ?? [],
  }
}

/** A need is a source id, an object with one, or alternatives of which the first that can be read is enough. */
function sourceName(source: unknown, place: string): string {
  if (typeof source === 'string') return source
  if (isObject(source)) {
    if (typeof source.source === 'string') return source.source
    if (Array.isArray(source.anyOf) && source.anyOf.length > 0)
      return source.anyOf.map((one) => sourceName(one, place)).join(' | ')
  }
  throw malformed(place, 'a source is neither an id, nor { source }, nor { anyOf }')
}

async function readJson(pack: string, place: string): Promise<Json> {
  let text: string
  try {
    text = await readFile(path.join(pack, place), 'utf8')
  } catch (cause) {
    throw new RunnerError(
      'runner_failed',
      `The pack's file ${place} cannot be read. Reinstall @tenantscope/powershell.`,
      { cause },
    )
  }
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    if (isObject(value)) return value
  } catch (cause) {
    throw new RunnerError('runner_failed', `The pack's file ${place} is not JSON. Reinstall @tenantscope/powershell.`, {
      cause,
    })
  }
  throw malformed(place, 'it is not an object')
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

function malformed(place: string, detail: string): RunnerError {
  return new RunnerError('runner_failed', `The pack's file ${place} is malformed: ${detail}.`)
}

function toList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
