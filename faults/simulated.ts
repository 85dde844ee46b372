import { join } from 'node:path'
import { type ScriptProcess, startScript } from '../packages/queue-pg-boss/test/worker-process.ts'

interface SimulatedTenant {
  tenantId: string
  initialDomain: string
  clientId: string
  clientSecret: string
}

/** A Microsoft 365 in a process of its own. */
export interface Simulated {
  proxyUrl: string
  caFile: string
  controlUrl: string
  certificate: string
  tenants: readonly SimulatedTenant[]
  /** When a tenant was asked for something, in milliseconds since 1970. */
  requestsOf(tenantId: string): Promise<{ at: number; path: string }[]>
  close(): Promise<void>
}

export async function startSimulated(tenants: number): Promise<Simulated> {
  const script: ScriptProcess = startScript(join(import.meta.dirname, 'simulator-host.ts'), { tenants })
  const ready = JSON.parse(await script.line((line) => line.includes('"ready"'))) as Simulated
  return {
    ...ready,
    requestsOf: async (tenantId) => {
      const response = await fetch(`${ready.controlUrl}/requests/${tenantId}`)
      return (await response.json()) as { at: number; path: string }[]
    },
    close: async () => {
      script.child.stdin?.end()
      await script.ended
    },
  }
}
