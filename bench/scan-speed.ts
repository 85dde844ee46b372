import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runner, RunnerEvent, RunnerJob, SignIn } from '@tenantscope/core'
import { freshTenant, type Simulator, startSimulator } from '@tenantscope/m365-simulator'
import { msalSignIn, pwshRunner } from '@tenantscope/runner-pwsh'
import { findPowerShell } from '../packages/runner-pwsh/src/process/find-powershell.ts'
import { line, median, timed, timeProcess } from './measure.ts'

type Done = Extract<RunnerEvent, { type: 'done' }>

/** F-01: a scan of every control of the benchmark file against the simulator, beside what the profile makes impossible to beat and a bare start of PowerShell. */
export async function scanSpeed(pairs: number, latencyScale: number, target: number): Promise<void> {
  const tenant = freshTenant()
  const simulator = await startSimulator({ tenants: [tenant], latency: 'v1', latencyScale })
  const runner = pwshRunner({ network: { proxyUrl: simulator.proxyUrl, caFile: simulator.caFile } })
  const bare = await bareStart()
  try {
    const ratios: number[] = []
    const walls: number[] = []
    const starts: number[] = []
    let last: { done: Done; requests: number; sources: string[] } | null = null
    for (let i = 0; i < pairs; i++) {
      const start = bare.time()
      simulator.clearRequests()
      const signIn = msalSignIn({ proxyUrl: simulator.proxyUrl, caPem: simulator.caPem })
      const run: { done: Done | null; sources: string[] } = { done: null, sources: [] }
      const wall = await timed(async () => {
        for await (const event of runner.run(await jobOf(runner, simulator, tenant, signIn))) {
          if (event.type === 'source.read') run.sources.push(event.sourceId)
          if (event.type === 'done') run.done = event
        }
      })
      if (run.done?.outcome !== 'completed') throw new Error(`the scan ended ${run.done?.outcome}`)
      last = { done: run.done, requests: simulator.requests.length, sources: run.sources }
      const chain = simulator.longestChainMs(run.sources)
      ratios.push(wall / (chain + start))
      walls.push(wall)
      starts.push(start)
    }
    if (!last) throw new Error('no pair was measured')
    const chain = simulator.longestChainMs(last.sources)
    const floor = simulator.floorMs(last.sources)
    const detail = `wall ${median(walls).toFixed(0)} ms, longest chain ${chain.toFixed(0)} ms, floor ${floor.toFixed(0)} ms, bare pwsh ${median(starts).toFixed(0)} ms`
    line(`scan ×${latencyScale} / (longest chain + bare pwsh start)`, median(ratios), target, detail)
    const { stats } = last.done
    console.log(
      `  ${stats.checks} controls, ${stats.sources} sources, ${last.requests} HTTP requests, pwsh peak ${stats.peakMb.toFixed(0)} MB, CPU ${stats.cpuMs.toFixed(0)} ms`,
    )
  } finally {
    bare.close()
    await runner.close()
    await simulator.close()
  }
}

async function jobOf(runner: Runner, simulator: Simulator, tenant: ReturnType<typeof freshTenant>, signIn: SignIn) {
  const [benchmark] = await runner.benchmarks()
  const { app } = tenant
  if (!benchmark) throw new Error('nothing to scan with')
  const credential = {
    credentialId: 'bench',
    kind: 'client_secret' as const,
    clientId: app.clientId,
    secrets: { client_secret: app.clientSecret },
  }
  const job: RunnerJob = {
    scanId: '00000000-0000-4000-8000-000000000001',
    attempt: 1,
    benchmark: { id: benchmark.id, version: benchmark.version },
    controlIds: benchmark.controls.map((control) => control.id),
    scanStartedAt: new Date(),
    m365Tenant: { id: tenant.tenantId, defaultDomain: tenant.initialDomain },
    credentialKind: credential.kind,
    cloud: 'commercial',
    inputs: {},
    keepEvidence: false,
    timeoutMs: 120_000,
  }
  const host = {
    token: ({ scope, refresh, signal }: { scope: string; refresh: boolean; signal: AbortSignal }) =>
      signIn.acquire({ credential, m365TenantId: tenant.tenantId, cloud: 'commercial', scope, refresh, signal }),
    resolveTxt: (name: string) => simulator.resolveTxt(name),
  }
  return { job, host, signal: new AbortController().signal }
}

/** What nobody can be faster than: the same PowerShell, started the same way, to run an empty script. */
async function bareStart() {
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
