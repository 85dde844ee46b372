import { randomUUID } from 'node:crypto'
import type { BenchmarkRef } from '../benchmarks/benchmark.ts'
import type { CredentialKind, OpenCredential } from '../credentials/credential.ts'
import { RunnerError, type SignInError } from '../errors/errors.ts'
import {
  type Runner,
  type RunnerEvent,
  type RunnerHost,
  type RunnerJob,
  runnerEventSchema,
  type Service,
} from '../runner/runner.ts'
import type { SignIn } from '../runner/sign-in.ts'
import { scanHost } from '../scans/scan-host.ts'
import type { TestSettings } from './connection-test.ts'
import type { M365Tenant } from './m365-tenant.ts'
import { type TokenClaims, tokenClaims } from './preflight-claims.ts'

/** One read per service. Exchange's is one that a smaller role is known not to reach. */
export const probes: Readonly<Record<Service, string>> = {
  graph: 'graph/organization',
  exchange: 'exchange/Get-OrganizationConfig',
  compliance: 'compliance/Get-LabelPolicy',
  teams: 'teams/Get-CsTeamsClientConfiguration',
  sharepoint: 'sharepoint/tenant',
  fabric: 'fabric/tenantSettings',
}

export type Probe = Extract<RunnerEvent, { type: 'source.read' }>
/** Claims are null when the token cannot be looked into. */
type Token = { granted: true; claims: TokenClaims | null } | { granted: false; error: SignInError }

/** All that is known before a verdict on a control. */
export interface Observations {
  credentialKind: CredentialKind
  tokens: ReadonlyMap<Service, Token>
  /** By source id. */
  probes: ReadonlyMap<string, Probe>
  /** Ids of the service plans that are in force; null when they could not be read. */
  plans: ReadonlySet<string> | null
}

/** Signs in and reads the probes by the very engine that scans. Throws RunnerError when it cannot run. */
export async function observe(params: {
  runner: Runner
  signIn: SignIn
  credential: OpenCredential
  tenant: M365Tenant
  benchmark: BenchmarkRef
  services: readonly Service[]
  settings: TestSettings
  at: Date
  signal: AbortSignal
}): Promise<Observations> {
  const { runner, credential, tenant, settings, signal } = params
  const { cloud, resolveTxt } = settings
  const tokens = new Map<Service, Token>()
  const host = scanHost({
    ...{ signIn: params.signIn, credential, m365TenantId: tenant.m365TenantId, cloud, resolveTxt },
    onRefused: () => {},
  })
  const job: RunnerJob = {
    scanId: randomUUID(),
    attempt: 1,
    benchmark: params.benchmark,
    controlIds: [],
    sources: params.services.map((service) => probes[service]),
    scanStartedAt: params.at,
    m365Tenant: { id: tenant.m365TenantId, defaultDomain: tenant.defaultDomain },
    credentialKind: credential.kind,
    cloud,
    inputs: {},
    // The plans are in what the organisation's probe answers.
    keepEvidence: true,
    timeoutMs: settings.testTimeoutMs,
  }
  const reads = new Map<string, Probe>()
  let plans: ReadonlySet<string> | null = null
  for await (const raw of runner.run({ job, host: listening(host, tokens), signal })) {
    const parsed = runnerEventSchema.safeParse(raw)
    if (!parsed.success) throw new RunnerError('runner_output', 'The engine said something that is not its protocol.')
    const event = parsed.data
    if (event.type === 'source.read') reads.set(event.sourceId, event)
    if (event.type === 'evidence' && event.sourceId === probes.graph && event.state === 'read')
      plans = plansInForce(event.data)
    if (event.type !== 'done') continue
    if (event.outcome === 'failed')
      throw new RunnerError('runner_failed', event.error?.message ?? 'The engine could not run.')
    break
  }
  return { credentialKind: credential.kind, tokens, probes: reads, plans }
}

/** Hands tokens on and keeps what they say, never the tokens. */
function listening(host: RunnerHost, heard: Map<Service, Token>): RunnerHost {
  return {
    ...host,
    token: async (asked) => {
      try {
        const token = await host.token(asked)
        heard.set(asked.service, { granted: true, claims: tokenClaims(token.accessToken) })
        return token
      } catch (error) {
        // A host of a scan throws nothing else.
        heard.set(asked.service, { granted: false, error: error as SignInError })
        throw error
      }
    },
  }
}

/** An organisation without a single plan is more likely one whose plans were not shown: null, as when they were not read. */
function plansInForce(data: unknown): ReadonlySet<string> | null {
  const rows: unknown[] = Array.isArray(data) ? data : [data]
  const plans = rows.flatMap((row) => listOf(member(row, 'assignedPlans')))
  if (plans.length === 0) return null
  const inForce = plans.filter((plan) => /^(enabled|warning)$/i.test(String(member(plan, 'capabilityStatus'))))
  return new Set(inForce.map((plan) => String(member(plan, 'servicePlanId')).toLowerCase()))
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
