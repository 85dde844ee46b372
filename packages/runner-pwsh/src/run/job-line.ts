import type { RunnerJob } from '@tenantscope/core'

export interface JobSettings {
  callTimeoutMs: number
  sourceTimeoutMs: number
  maxRetries: number
  proxyUrl: string | null
  caFile: string | null
  /** Services that the vendors' modules read; a service that is not named is read over its own interface. */
  transport: Transport
  /** Absolute folders that these modules may come from. Empty: where PowerShell looks by itself. */
  modulePath: readonly string[]
}

/** How each service that has a module of its vendor is read. */
export type Transport = Readonly<Partial<Record<'exchange' | 'compliance' | 'teams' | 'sharepoint', 'rest' | 'module'>>>

/** The first line that the engine reads. Holds no secret. */
export function jobLine(params: { job: RunnerJob; nonce: string; settings: JobSettings }): object {
  const { job, nonce, settings } = params
  return {
    t: 'job',
    protocol: 'tenantscope-engine/1',
    nonce,
    scanId: job.scanId,
    attempt: job.attempt,
    benchmark: { id: job.benchmark.id, version: job.benchmark.version },
    controls: [...job.controlIds],
    sources: [...(job.sources ?? [])],
    scanStartedAt: job.scanStartedAt.toISOString(),
    m365Tenant: { id: job.m365Tenant.id, defaultDomain: job.m365Tenant.defaultDomain },
    credentialKind: job.credentialKind,
    cloud: job.cloud,
    inputs: job.inputs,
    keepEvidence: job.keepEvidence,
    limits: {
      callTimeoutMs: settings.callTimeoutMs,
      sourceTimeoutMs: settings.sourceTimeoutMs,
      scanTimeoutMs: job.timeoutMs,
      maxRetries: settings.maxRetries,
    },
    network: { proxyUrl: settings.proxyUrl, caFile: settings.caFile },
    transport: settings.transport,
    modulePath: settings.modulePath,
  }
}
