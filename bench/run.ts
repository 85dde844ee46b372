import { importCost } from './import-cost.ts'
import { first24, scanBesideFloor, scanBesideNaive, scanLarge, scanThrottled } from './scan-speed.ts'

/**
 * `npm run bench [-- PAIRS [FIGURE …]]`: each figure beside its peer, in one run, interleaved. Import cost is measured on what a host installs: build first.
 */
const [pairsText = '5', ...wanted] = process.argv.slice(2)
const pairs = Number(pairsText)
const figures: Record<string, () => Promise<void>> = {
  import: () => importCost(pairs),
  first24: () => scanBesideFloor(pairs, 1, first24, 1.8),
  all: () => scanBesideFloor(pairs, 1, undefined, 1.5),
  fast: () => scanBesideFloor(pairs, 0.1, undefined, 1.5),
  throttled: () => scanThrottled(pairs),
  naive: () => scanBesideNaive(),
  large: () => scanLarge(),
}
for (const [name, figure] of Object.entries(figures)) if (wanted.length === 0 || wanted.includes(name)) await figure()
