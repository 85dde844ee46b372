import { importCost } from './import-cost.ts'
import { claims, dispatch } from './queue-speed.ts'
import { remoteFlood } from './remote-flood.ts'
import { first24, scanBesideFloor, scanBesideNaive, scanLarge, scanThrottled } from './scan-speed.ts'
import { sealSpeed } from './seal-speed.ts'
import { deepPage, rowSecurityPrice, storeResults } from './storage-speed.ts'

/**
 * `npm run bench [-- [PAIRS] [FIGURE …]]`: each figure beside its peer, in one run, interleaved. `storage` stands for all figures of storage and queue. Import cost is
 * measured on what a host installs: build first.
 */
const given = process.argv.slice(2)
const pairs = /^\d+$/.test(given[0] ?? '') ? Number(given.shift()) : 5
const storage: Record<string, () => Promise<void>> = {
  store: () => storeResults(pairs),
  rls: () => rowSecurityPrice(pairs),
  page: () => deepPage(pairs),
  dispatch: () => dispatch(pairs),
  claims: () => claims(pairs),
}
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
  flood: () => remoteFlood(pairs),
  seal: () => sealSpeed(pairs),
  ...storage,
}
const wanted = given.flatMap((name) => (name === 'storage' ? Object.keys(storage) : [name]))
const unknown = wanted.filter((name) => !(name in figures))
if (unknown.length > 0)
  throw new Error(`There is no ${unknown.join(', ')}: ${Object.keys(figures).join(', ')}, storage`)
for (const [name, figure] of Object.entries(figures)) if (wanted.length === 0 || wanted.includes(name)) await figure()
