import { spawnSync } from 'node:child_process'
import { loadavg } from 'node:os'

/** Medians and interleaved pairs: single runs on a shared machine say little, ratios within one run say enough. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

export async function timed(work: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Runs A B A B … and gives the median of each and of the pairwise ratios A / B. */
export async function interleaved(pairs: number, a: () => Promise<number>, b: () => Promise<number>) {
  const as: number[] = []
  const bs: number[] = []
  for (let i = 0; i < pairs; i++) {
    as.push(await a())
    bs.push(await b())
  }
  return { a: median(as), b: median(bs), ratio: median(as.map((value, i) => value / (bs[i] ?? Number.NaN))) }
}

/** Wall time of a child process in milliseconds; throws when it fails. */
export function timeProcess(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): number {
  const start = performance.now()
  const { status, stderr } = spawnSync(command, args, { env, encoding: 'utf8' })
  const took = performance.now() - start
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`)
  return took
}

/** Prints a figure and whether it keeps its target. A plain number is the most that it may be. */
export function line(
  name: string,
  figure: number,
  target: number | { atMost: number } | { atLeast: number } | null,
  detail: string,
): void {
  const bound = typeof target === 'number' ? { atMost: target } : target
  const verdict = (sign: string, wanted: number, met: boolean) =>
    `  (target ${sign} ${wanted}: ${met ? 'met' : 'MISSED'})`
  const judged =
    bound === null
      ? ''
      : 'atMost' in bound
        ? verdict('≤', bound.atMost, figure <= bound.atMost)
        : verdict('≥', bound.atLeast, figure >= bound.atLeast)
  console.log(`${name}: ${figure.toFixed(2)}${judged}  ${detail}  [load ${(loadavg()[0] ?? 0).toFixed(1)}]`)
}
