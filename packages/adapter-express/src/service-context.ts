import type { Benchmark, Control, Logger } from '@tenantscope/core'
import type { ApiDescription } from './openapi/description.ts'
import type { RoutedTenantscope, RouterLimits } from './options.ts'
import type { ServiceContext } from './routes/route.ts'
import { frameCache } from './stream/frames.ts'
import { streamSlots } from './stream/stream-slots.ts'

export function serviceContext(parts: {
  tenantscope: RoutedTenantscope
  limits: Required<RouterLimits>
  logger: Logger
  api: ApiDescription
}): ServiceContext {
  const indexes = new WeakMap<Benchmark, ReadonlyMap<string, Control>>()
  const benchmarks = () => parts.tenantscope.benchmarks()
  return {
    ...parts,
    get remoteRuns() {
      return parts.tenantscope.remoteRuns ?? null
    },
    slots: streamSlots(parts.limits.streamsPerPlatformTenant),
    frames: frameCache(),
    benchmarks,
    controls: async ({ id, version }) => {
      const benchmark = (await benchmarks()).find((each) => each.id === id && each.version === version)
      if (!benchmark) return new Map()
      const index = indexes.get(benchmark) ?? new Map(benchmark.controls.map((control) => [control.id, control]))
      indexes.set(benchmark, index)
      return index
    },
  }
}
