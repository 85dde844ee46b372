import { freshTenant, largeTenant, sourceIds } from '@tenantscope/m365-simulator'
import { line, median } from './measure.ts'
import { naiveScan } from './naive-scan.ts'
import { bareStart, type MeasuredScan, openScanBench } from './scan-bench.ts'

/** The controls of the first landing: two or more for every service. */
export const first24 =
  '1.1.1 1.2.1 1.3.8 2.1.1 2.1.8 2.1.10 3.1.1 3.2.1 3.3.1 4.1 4.2 5.1.2.2 5.1.2.3 5.2.2.1 5.3.1 6.1.1 6.2.1 7.2.1 7.2.3 7.3.1 8.2.2 8.5.3 9.1.1 9.1.6'.split(
    ' ',
  )

/** The engine tries a source or two beyond what the simulator's contract knows; those answer at once and are in no chain. */
const simulated = (scan: MeasuredScan) => scan.sources.filter((source) => sourceIds.includes(source))

/** F-01: the scan beside what the profile makes impossible to beat and a bare start of PowerShell, interleaved. */
export async function scanBesideFloor(params: {
  pairs: number
  latencyScale: number
  /** Default: all. */
  controlIds?: string[]
  target: number
  /** 1: an engine waits, rehearsed, as on a worker with nothing to do. 0: PowerShell starts with the scan. */
  standby: number
}): Promise<void> {
  const { pairs, latencyScale, controlIds, target, standby } = params
  const bench = await openScanBench(freshTenant(), { latency: 'v1', latencyScale, standby })
  const bare = await bareStart()
  try {
    const scans: MeasuredScan[] = []
    const starts: number[] = []
    const ratios: number[] = []
    for (let i = 0; i < pairs; i++) {
      const start = bare.time()
      const scan = await bench.scan(controlIds)
      const chain = bench.simulator.longestChainMs(simulated(scan))
      scans.push(scan)
      starts.push(start)
      ratios.push(scan.wallMs / (chain + start))
    }
    const last = scans.at(-1)
    if (!last) throw new Error('no pair was measured')
    const wall = median(scans.map((scan) => scan.wallMs))
    const chain = bench.simulator.longestChainMs(simulated(last))
    const parts = `wall ${wall.toFixed(0)} ms, longest chain ${chain.toFixed(0)} ms, bare pwsh ${median(starts).toFixed(0)} ms`
    line(
      `scan of ${last.stats.checks} controls ×${latencyScale}, ${standby > 0 ? 'engine on standby' : 'cold engine'} / (longest chain + bare pwsh)`,
      median(ratios),
      target,
      parts,
    )
    const { peakMb, cpuMs } = last.stats
    console.log(
      `  ${last.sources.length} sources in ${last.requests} HTTP requests, ${last.conditionalAccessRequests} to Conditional Access; pwsh peak ${peakMb.toFixed(0)} MB, CPU ${cpuMs.toFixed(0)} ms`,
    )
  } finally {
    bare.close()
    await bench.close()
  }
}

/** F-03: beside the same reads made check by check, one after the other. */
export async function scanBesideNaive(): Promise<void> {
  const tenant = freshTenant()
  const bench = await openScanBench(tenant, { latency: 'v1' })
  try {
    const scan = await bench.scan(undefined, true)
    const naive = await naiveScan(bench.simulator, tenant, bench.token, scan.objects)
    line(
      'naive reads / scan',
      naive.wallMs / scan.wallMs,
      null,
      `naive ${(naive.wallMs / 1000).toFixed(1)} s in ${naive.requests} requests, scan ${(scan.wallMs / 1000).toFixed(1)} s in ${scan.requests} (wanted ≥ 10)`,
    )
  } finally {
    await bench.close()
  }
}

/** F-04: one call in ten is refused, half of the refusals without Retry-After. */
export async function scanThrottled(pairs: number): Promise<void> {
  const bench = await openScanBench(freshTenant(), { latency: 'v1' })
  try {
    const ratios: number[] = []
    let differing = 0
    for (let i = 0; i < pairs; i++) {
      bench.simulator.configure({ throttle: null })
      const calm = await bench.scan()
      bench.simulator.configure({ throttle: { share: 0.1, retryAfter: 'mixed', seed: 40 + i } })
      const throttled = await bench.scan()
      ratios.push(throttled.wallMs / calm.wallMs)
      for (const [control, status] of calm.statuses) if (throttled.statuses.get(control) !== status) differing += 1
    }
    line('throttled scan / calm scan', median(ratios), 2, `${differing} verdicts differ over ${pairs} pairs`)
  } finally {
    await bench.close()
  }
}

const sized = (scale: number) => ({
  users: 20_000 * scale,
  mailboxes: 8_000 * scale,
  groups: 400 * scale,
  conditionalAccessPolicies: 120 * scale,
  servicePrincipals: 3_000 * scale,
})

/** A large tenant and half of it: time must grow with pages, not with their square. */
export async function scanLarge(): Promise<void> {
  const walls: number[] = []
  for (const scale of [0.5, 1]) {
    const bench = await openScanBench(largeTenant({}, sized(scale)), { latency: 'v1' })
    try {
      const scan = await bench.scan()
      walls.push(scan.wallMs)
      const node = process.memoryUsage().rss / 1024 / 1024
      console.log(
        `  large tenant ×${scale}: wall ${(scan.wallMs / 1000).toFixed(1)} s, ${scan.requests} requests, pwsh peak ${scan.stats.peakMb.toFixed(0)} MB, Node (with the simulator) ${node.toFixed(0)} MB`,
      )
    } finally {
      await bench.close()
    }
  }
  line('large ×1 / large ×0.5', (walls[1] ?? Number.NaN) / (walls[0] ?? Number.NaN), null, '(2 is linear)')
}
