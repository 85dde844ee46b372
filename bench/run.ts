import { importCost } from './import-cost.ts'
import { scanSpeed } from './scan-speed.ts'

/** `npm run bench [-- PAIRS]`: each figure beside its peer, in one run, interleaved. Build first: import cost is measured on what a host installs. */
const pairs = Number(process.argv[2] ?? 5)
await importCost(pairs)
await scanSpeed(pairs, 1, 1.8)
await scanSpeed(pairs, 0.1, 1.8)
