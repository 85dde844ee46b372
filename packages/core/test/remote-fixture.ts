import { type LaunchDocument, launchDocumentSchema } from '../src/remote/protocol.ts'
import { type RemoteLaunch, type RemoteRunnerOptions, remoteRunner } from '../src/remote/remote-runner.ts'
import type { Acceptance } from '../src/remote/remote-runs.ts'
import type { RunnerEvent } from '../src/runner/runner.ts'
import type { Tenantscope, TenantscopeOptions } from '../src/tenantscope.ts'
import { attached, guid } from './fixture.ts'
import { checked, done, scriptedRunner } from './scripted-runner.ts'

export const controls = ['1.1.1', '1.2.1', '5.1.2.2', '9.1.1']
export const wholeRun: RunnerEvent[] = [...controls.map((id) => checked(id)), done()]

export interface Launched {
  launch: RemoteLaunch
  signal: AbortSignal
  document: LaunchDocument
}

/** A tenantscope whose scans run elsewhere: launches wait to be taken, and a test plays the remote process. Nothing is registered. */
export async function attachedRemotely(
  runnerOptions: Partial<RemoteRunnerOptions> = {},
  options: Partial<TenantscopeOptions> = {},
) {
  const launches: Launched[] = []
  const waiting: ((launched: Launched) => void)[] = []
  const runner = remoteRunner({
    dispatch: async ({ launch, signal }) => {
      const document = launchDocumentSchema.parse(JSON.parse(launch.document()))
      const launched = { launch, signal, document }
      const next = waiting.shift()
      if (next) next(launched)
      else launches.push(launched)
    },
    receiverUrl: 'https://msp.example/api',
    local: scriptedRunner(async function* () {
      yield done()
    }),
    ...runnerOptions,
  })
  const fixture = await attached(async function* () {}, { ...options, runner })
  const launched = (): Promise<Launched> => {
    const ready = launches.shift()
    return ready ? Promise.resolve(ready) : new Promise((resolve) => void waiting.push(resolve))
  }
  return { ...fixture, launched }
}

/** The same with an M365 tenant. */
export async function remotely(
  runnerOptions: Partial<RemoteRunnerOptions> = {},
  options: Partial<TenantscopeOptions> = {},
) {
  const fixture = await attachedRemotely(runnerOptions, options)
  const tenant = await fixture.scope.m365Tenants.register({
    m365TenantId: guid,
    name: 'Contoso',
    defaultDomain: 'contoso.onmicrosoft.com',
    credential: { kind: 'client_secret', clientId: guid, clientSecret: 'a-secret-value' },
  })
  const begin = async () => {
    const scan = await fixture.scope.scans.start({ m365TenantId: tenant.id })
    return { scan, ...(await fixture.launched()) }
  }
  return { ...fixture, tenant, begin }
}

let messages = 0

/** Sends as a remote process does, after the signature was checked. */
export async function post(
  tenantscope: Tenantscope,
  document: LaunchDocument,
  sequence: number,
  events: readonly unknown[],
  more: { id?: string; attempt?: number; scan_id?: string; fragment?: unknown; total?: number; bytes?: number } = {},
): Promise<Acceptance | { kind: 'unknown key' }> {
  const { id = `msg_${++messages}`, bytes, ...changes } = more
  const { scanId, attempt } = document.job
  const run = await tenantscope.remoteRuns.keyFor(scanId)
  if (run?.key !== document.key) return { kind: 'unknown key' }
  const payload = { scan_id: scanId, attempt, sequence, events, ...changes }
  return tenantscope.remoteRuns.accept({ run, id, payload, bytes: bytes ?? JSON.stringify(payload).length })
}
