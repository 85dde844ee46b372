import { importCost } from './import-cost.ts'
import { first24, scanBesideFloor, scanBesideNaive, scanLarge, scanThrottled } from './scan-speed.ts'

/**
 * `npm run bench [-- PAIRS [FIGURE …]]`: each figure beside its peer, in one run, interleaved. Import cost is measured on what a host installs: build first.
 */
const [pairsText = '5', ...wanted] = process.argv.slice(2)
const pairs = Number(pairsText)
const figures: Record<string, () => Promise<void>> = {
  import: () => importCost(pairs),
  first24: () => scanBesideFloor({ pairs, latencyScale: 1, controlIds: first24, target: 1.8, standby: 0 }),
  all: () => scanBesideFloor({ pairs, latencyScale: 1, target: 1.5, standby: 0 }),
  fast: () => scanBesideFloor({ pairs, latencyScale: 0.1, target: 1.5, standby: 0 }),
  'all-standby': () => scanBesideFloor({ pairs, latencyScale: 1, target: 1.5, standby: 1 }),
  'fast-standby': () => scanBesideFloor({ pairs, latencyScale: 0.1, target: 1.5, standby: 1 }),
  throttled: () => scanThrottled(pairs),
  naive: () => scanBesideNaive(),
  large: () => scanLarge(),
}
for (const [name, figure] of Object.entries(figures)) if (wanted.length === 0 || wanted.includes(name)) await figure()
