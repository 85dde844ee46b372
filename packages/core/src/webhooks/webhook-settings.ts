import { InvalidInputError } from '../errors/errors.ts'
import { type EndpointPolicy, endpointPolicy } from './endpoint-policy.ts'
import { standardRetryDelaysMs } from './retry-schedule.ts'
import type { WebhooksOptions } from './webhook-options.ts'

export interface OutgoingSettings {
  policy: EndpointPolicy | null
  retryDelaysMs: readonly number[]
  endpointsPerPlatformTenant: number
  pollMs: number
}

/** Throws InvalidInputError for options that are none: a guard that is not understood must not be built. */
export function outgoingSettings(options: WebhooksOptions | undefined): OutgoingSettings {
  const { retryDelaysMs = standardRetryDelaysMs, endpointsPerPlatformTenant = 20, pollMs = 5_000 } = options ?? {}
  const numbers = { '/webhooks/endpointsPerPlatformTenant': endpointsPerPlatformTenant, '/webhooks/pollMs': pollMs }
  const errors = [
    ...Object.entries(numbers)
      .filter(([, value]) => !Number.isInteger(value) || value < 1)
      .map(([pointer]) => ({ pointer, detail: 'must be a whole number from 1.' })),
    ...retryDelaysMs.flatMap((delay, i) =>
      Number.isFinite(delay) && delay >= 0
        ? []
        : [{ pointer: `/webhooks/retryDelaysMs/${i}`, detail: 'must be a number of milliseconds from 0.' }],
    ),
  ]
  if (errors.length > 0) throw new InvalidInputError(errors)
  const policy = options === undefined ? null : endpointPolicy(options)
  return { policy, retryDelaysMs, endpointsPerPlatformTenant, pollMs }
}
