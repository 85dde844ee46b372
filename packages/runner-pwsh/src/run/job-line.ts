import type { RunnerJob } from '@tenantscope/core'

export interface JobSettings {
  callTimeoutMs: number
  sourceTimeoutMs: number
  maxRetries: number
  proxyUrl: string | null
  caFile: string | null
}

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
  }
}
