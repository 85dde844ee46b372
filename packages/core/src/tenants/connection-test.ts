import { randomUUID } from 'node:crypto'
import * as Effect from 'effect/Effect'
import { changedFields } from '../audit/audit.ts'
import { findBenchmark } from '../benchmarks/benchmarks.ts'
import { openCredential } from '../credentials/credentials.ts'
import { isTenantscopeError, RunnerError, type TenantscopeError } from '../errors/errors.ts'
import { type CoreServices, now, RunnerService, type Scope, SignInService } from '../internal/services.ts'
import {
  type Runner,
  type RunnerEvent,
  type RunnerJob,
  runnerEventSchema,
  type Service,
  services,
} from '../runner/runner.ts'
import { scanHost } from '../scans/scan-host.ts'
import type { ConnectionTest, ConnectionTestService, M365Tenant } from './m365-tenant.ts'
import { patchTenant } from './tenant-rows.ts'

export interface TestSettings {
  cloud: RunnerJob['cloud']
  resolveTxt: (name: string) => Promise<string[][]>
  testTimeoutMs: number
}

/** One small read per service: enough to know that sign-in, permission and role are right. */
const probes: Readonly<Record<Service, string>> = {
  graph: 'graph/organization',
  exchange: 'exchange/Get-AcceptedDomain',
  compliance: 'compliance/Get-LabelPolicy',
  teams: 'teams/Get-CsTeamsClientConfiguration',
  sharepoint: 'sharepoint/tenant',
  fabric: 'fabric/tenantSettings',
}

type SourceRead = Extract<RunnerEvent, { type: 'source.read' }>

/** Reads the probes by the very engine that scans, and stores the answer. Fails when there is no credential or the engine cannot run. */
export function testConnection(
  scope: Scope,
  tenant: M365Tenant,
  settings: TestSettings,
): Effect.Effect<ConnectionTest, TenantscopeError, CoreServices> {
  return Effect.gen(function* () {
    const credential = yield* openCredential({ platformTenantId: scope.platformTenantId, m365TenantId: tenant.id })
    const benchmark = yield* findBenchmark(null)
    const runner = yield* RunnerService
    const host = scanHost({
      signIn: yield* SignInService,
      credential,
      m365TenantId: tenant.m365TenantId,
      cloud: settings.cloud,
      resolveTxt: settings.resolveTxt,
      onRefused: () => {},
    })
    const job: RunnerJob = {
      scanId: randomUUID(),
      attempt: 1,
      benchmark: { id: benchmark.id, version: benchmark.version },
      controlIds: [],
      sources: Object.values(probes),
      scanStartedAt: yield* now,
      m365Tenant: { id: tenant.m365TenantId, defaultDomain: tenant.defaultDomain },
      credentialKind: credential.kind,
      cloud: settings.cloud,
      inputs: {},
      keepEvidence: false,
      timeoutMs: settings.testTimeoutMs,
    }
    const reads = yield* Effect.tryPromise({
      try: (signal) => readProbes(runner, { job, host, signal }),
      catch: (error) =>
        isTenantscopeError(error) ? error : new RunnerError('runner_failed', 'The runner failed.', { cause: error }),
    })
    const answers = services.map((service) => answerOf(service, reads.get(probes[service])))
    const working = answers.filter((answer) => answer.ok).length
    const status = working === answers.length ? 'ok' : working > 0 ? 'partial' : 'failed'
    const test: ConnectionTest = { status, at: yield* now, services: answers }
    const changes = { lastTest: test, ...statusAfter(tenant, status) }
    const note = { action: 'm365_tenant.tested', fields: changedFields(tenant, changes) }
    yield* patchTenant(scope, tenant.id, changes, note)
    return test
  })
}

async function readProbes(runner: Runner, params: Parameters<Runner['run']>[0]): Promise<Map<string, SourceRead>> {
  const reads = new Map<string, SourceRead>()
  for await (const raw of runner.run(params)) {
    const parsed = runnerEventSchema.safeParse(raw)
    if (!parsed.success) throw new RunnerError('runner_output', 'The engine said something that is not its protocol.')
    if (parsed.data.type === 'source.read') reads.set(parsed.data.sourceId, parsed.data)
    if (parsed.data.type === 'done') break
  }
  return reads
}

function answerOf(service: Service, read: SourceRead | undefined): ConnectionTestService {
  if (!read) return { service, ok: false, code: 'not_collected', message: 'The service was not asked.', durationMs: 0 }
  if (read.state === 'read')
    return { service, ok: true, code: null, message: null, durationMs: Math.round(read.durationMs) }
  const code = read.error?.code ?? read.state
  const grant = read.error?.permission ? ` Grant: ${read.error.permission}.` : ''
  return {
    service,
    ok: false,
    code,
    message: `${read.error?.message ?? `The answer was: ${read.state}.`}${grant}`,
    durationMs: Math.round(read.durationMs),
  }
}

/** A test that nothing answered marks the tenant; one that works takes the mark away. What an operator switched off stays off. */
function statusAfter(tenant: M365Tenant, test: ConnectionTest['status']): { status?: M365Tenant['status'] } {
  if (tenant.status === 'inactive') return {}
  return { status: test === 'failed' ? 'error' : 'active' }
}
