import { spawnSync } from 'node:child_process'

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

export function line(name: string, ratio: number, target: number | null, detail: string): void {
  const verdict =
    target === null ? '' : ratio <= target ? `  (target ≤ ${target}: met)` : `  (target ≤ ${target}: MISSED)`
  console.log(`${name}: ${ratio.toFixed(2)}${verdict}  ${detail}`)
}
