import { loadavg } from 'node:os'
import type { Ground } from './installation.ts'

export interface ScenarioOptions {
  ground: Ground
  runs: number
  /** Few controls and short leases: it shows the same, with smaller numbers. */
  short: boolean
}

export interface Report {
  runs: number
  /** In words; one is one too many. */
  failures: string[]
  /** What was measured, by name. */
  figures: Record<string, string | number>
}

export type Scenario = (options: ScenarioOptions) => Promise<Report>

/** Eight controls of four services: a real scan of some two seconds. Null is the whole benchmark. */
export function controlsOf({ short }: { short: boolean }): readonly string[] | null {
  return short ? ['1.1.1', '1.2.1', '2.1.1', '5.1.2.2', '5.2.2.1', '6.1.1', '7.2.1', '8.2.2'] : null
}

export function reportLine(name: string, report: Report): string {
  const { runs, failures, figures } = report
  const measured = Object.entries(figures).map(([what, value]) => `${what} ${value}`)
  return [
    `${name}: ${runs} runs, failures ${failures.length}`,
    ...measured,
    `load ${(loadavg()[0] ?? 0).toFixed(1)}`,
  ].join(', ')
}

/** `max 12.3 s, median 4.5 s` of times in milliseconds. */
export function spread(timesMs: readonly number[]): string {
  if (timesMs.length === 0) return 'none'
  const sorted = [...timesMs].sort((a, b) => a - b)
  const seconds = (ms: number | undefined) => `${((ms ?? 0) / 1_000).toFixed(1)} s`
  return `max ${seconds(sorted.at(-1))} median ${seconds(sorted[Math.floor(sorted.length / 2)])}`
}

/** Reproducible: the seed is all of a run's luck. */
export function luck(seed: number): () => number {
  let state = Math.imul(seed, 2_654_435_761) >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
