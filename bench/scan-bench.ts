import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunnerEvent, RunnerJob } from '@tenantscope/core'
import {
  type SimulatorOptions,
  startSimulator,
  type TenantDocument,
  testCertificate,
} from '@tenantscope/m365-simulator'
import { msalSignIn, pwshRunner } from '@tenantscope/runner-pwsh'
import { findPowerShell } from '../packages/runner-pwsh/src/process/find-powershell.ts'
import { timed, timeProcess } from './measure.ts'

type Done = Extract<RunnerEvent, { type: 'done' }>

export interface MeasuredScan {
  wallMs: number
  stats: Done['stats']
  /** Control → status. */
  statuses: Map<string, string>
  sources: string[]
  /** HTTP requests that reached a service; sign-in and DNS are not counted. */
  requests: number
  conditionalAccessRequests: number
  /** Ids of per-object sources, where evidence was kept. */
  objects: Map<string, string[]>
}

/** A simulator with one tenant, and the runner that scans it: the scan as the runner gives it, without storage and HTTP around. */
export async function openScanBench(
  tenant: TenantDocument,
  given: Omit<SimulatorOptions, 'tenants'> & { standby?: number },
) {
  const { standby = 0, ...options } = given
  const { pem, privateKeyPem } = await testCertificate()
  tenant.app.certificates = [pem]
  const simulator = await startSimulator({ tenants: [tenant], ...options })
  const network = { proxyUrl: simulator.proxyUrl, caFile: simulator.caFile }
  const runner = pwshRunner({ network, standby })
  // The version of PowerShell is asked once per runner, not once per scan.
  const { ok, detail } = await runner.health()
  if (!ok) throw new Error(detail)
  const [benchmark] = await runner.benchmarks()
  if (!benchmark) throw new Error('there is no benchmark')
  const credential = {
    credentialId: 'bench',
    kind: 'certificate' as const,
    clientId: tenant.app.clientId,
    secrets: { certificate: `${privateKeyPem}${pem}` },
  }
  // A client of its own for each scan: tokens are asked for each time, as the floor counts them.
  const newSignIn = () => msalSignIn(network)

  const scan = async (
    controlIds = benchmark.controls.map((control) => control.id),
    keepEvidence = false,
  ): Promise<MeasuredScan> => {
    const signIn = newSignIn()
    const job: RunnerJob = {
      scanId: '00000000-0000-4000-8000-000000000001',
      attempt: 1,
      benchmark: { id: benchmark.id, version: benchmark.version },
      controlIds,
      scanStartedAt: new Date(),
      m365Tenant: { id: tenant.tenantId, defaultDomain: tenant.initialDomain },
      credentialKind: credential.kind,
      cloud: 'commercial',
      inputs: {},
      keepEvidence,
      timeoutMs: 600_000,
    }
    const host = {
      token: ({ scope, refresh, signal }: { scope: string; refresh: boolean; signal: AbortSignal }) =>
        signIn.acquire({ credential, m365TenantId: tenant.tenantId, cloud: 'commercial', scope, refresh, signal }),
      resolveTxt: (name: string) => simulator.resolveTxt(name),
    }
    // As between two scans of an idle worker: the engine that waits has rehearsed.
    await runner.prepare()
    simulator.clearRequests()
    const events: RunnerEvent[] = []
    const wallMs = await timed(async () => {
      for await (const event of runner.run({ job, host, signal: new AbortController().signal })) events.push(event)
    })
    await signIn.close()
    const done = events.find((event): event is Done => event.type === 'done')
    if (done?.outcome !== 'completed') throw new Error(`the scan ended ${done?.outcome}: ${done?.error?.message}`)
    const served = simulator.requests.filter((request) => !['signin', 'dns'].includes(request.service))
    return {
      wallMs,
      stats: done.stats,
      statuses: new Map(
        events.flatMap((event) => (event.type === 'check.finished' ? [[event.controlId, event.status]] : [])),
      ),
      sources: events.flatMap((event) => (event.type === 'source.read' ? [event.sourceId] : [])),
      requests: served.length,
      conditionalAccessRequests: served.filter((request) =>
        request.path.endsWith('/identity/conditionalAccess/policies'),
      ).length,
      objects: new Map(
        events.flatMap((event) =>
          event.type === 'evidence' && event.sourceId.match(/\{|dns/)
            ? [[event.sourceId, Object.keys(event.data ?? {})]]
            : [],
        ),
      ),
    }
  }
  const token = async (scope: string) => {
    const request = {
      credential,
      m365TenantId: tenant.tenantId,
      cloud: 'commercial' as const,
      scope,
      refresh: false,
      signal: AbortSignal.timeout(60_000),
    }
    return (await shared.acquire(request)).accessToken
  }
  const shared = newSignIn()
  return {
    simulator,
    scan,
    token,
    close: async () => {
      await runner.close()
      await shared.close()
      await simulator.close()
    },
  }
}

/** What nobody can be faster than: the same PowerShell, started the same way, to run an empty script. */
export async function bareStart() {
  const folder = mkdtempSync(join(tmpdir(), 'tenantscope-bench-'))
  const script = join(folder, 'empty.ps1')
  writeFileSync(script, 'exit 0\n')
  const command = await findPowerShell({ environment: process.env, toolManifestFrom: process.cwd() })
  const quiet = {
    POWERSHELL_TELEMETRY_OPTOUT: '1',
    POWERSHELL_UPDATECHECK: 'Off',
    POWERSHELL_DIAGNOSTICS_OPTOUT: '1',
    DOTNET_EnableDiagnostics: '0',
    DOTNET_TieredPGO: '0',
  }
  const env = { ...process.env, ...quiet, HOME: folder }
  return {
    time: () =>
      timeProcess(command.file, [...command.arguments, '-NoProfile', '-NonInteractive', '-File', script], env),
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}
