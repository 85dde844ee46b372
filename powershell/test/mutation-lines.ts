import { declarations, sourceFacts } from './catalogue.ts'
import { graphPath, isNullable, ownersOf } from './graph-schema.ts'
import { runPwsh } from './pwsh.ts'

// What engine/judge/Test-Mutations.ps1 tells, and what the contract says of the places it tells of.

interface ReadsLine {
  kind: 'reads'
  check: string
  /** source, shape of the path and access (read, tested, optional, missing), separated by tabs */
  reads: string[]
}

export interface StateLine {
  kind: 'state'
  check: string
  case: string
  base: string
  source: string
  entry: string | null
  state: string
  /** The states of the sources that could stand in for this one. */
  others: string[]
  status: string
  reasonCode: string | null
}

export interface ValueLine {
  kind: 'value'
  check: string
  case: string
  base: string
  source: string
  path: string
  /** The path with [] for an index and {} for the id of an object. */
  shape: string
  /** What was there before. */
  value: 'null' | 'empty list' | 'list' | 'object' | 'value'
  mutation: 'absent' | 'wrong' | 'kindred' | 'null' | 'empty'
  /** Was it read by its name, only asked for, both (optional), or neither? Elements and whole sources have no name: unknown. */
  access: 'read' | 'tested' | 'optional' | 'unknown' | ''
  status: string
  reasonCode: string | null
  same: boolean
  /** The same but for names and the message. */
  sameDecision: boolean
  /** state, status or Identity of the row the place lies in. */
  rowState: string | null
  /** The status without that row. */
  without: string | null
}

interface CountLine {
  kind: 'count'
  check: string
  cases: number
  places: number
  judged: number
}

export interface Mutations {
  reads: ReadsLine[]
  states: StateLine[]
  values: ValueLine[]
  counts: CountLine[]
  stderr: string
}

export async function runMutations(args: string[]): Promise<Mutations> {
  const { stdout, stderr } = await runPwsh('engine/judge/Test-Mutations.ps1', args)
  const lines = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReadsLine | StateLine | ValueLine | CountLine)
  return {
    reads: lines.filter((line) => line.kind === 'reads'),
    states: lines.filter((line) => line.kind === 'state'),
    values: lines.filter((line) => line.kind === 'value'),
    counts: lines.filter((line) => line.kind === 'count'),
    stderr,
  }
}

/** The steps of a shape that are names of properties. */
export const namesIn = (shape: string): string[] => shape.split('/').filter((step) => !['', '[]', '{}'].includes(step))

/** May what is at this place be null? undefined when nothing says. */
export function mayBeNull(source: string, shape: string): boolean | undefined {
  const names = namesIn(shape)
  const type = sourceFacts[source]?.fields[names.join('.')]
  if (type !== undefined) return type.endsWith('?')
  const { api, path } = declarations.get(source) ?? {}
  const known = api && path ? graphPath(api, path) : undefined
  return known && api && names.length > 0 ? isNullable(api, ownersOf(known), names) : undefined
}
