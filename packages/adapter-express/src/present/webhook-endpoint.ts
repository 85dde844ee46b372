import type { WebhookDelivery, WebhookEndpointSummary, WebhookEndpointWithSecret } from '@tenantscope/core'
import type * as z from 'zod'
import type { deliverySchema, endpointSchema, endpointWithSecretSchema } from '../schemas/webhook-endpoint.ts'

export function presentEndpoint(endpoint: WebhookEndpointSummary): z.output<typeof endpointSchema> {
  return {
    id: endpoint.id,
    url: endpoint.url,
    description: endpoint.description,
    event_types: [...endpoint.eventTypes],
    status: endpoint.status,
    disabled_reason: endpoint.disabledReason,
    previous_secret_expires_at: endpoint.previousSecretExpiresAt?.toISOString() ?? null,
    created_at: endpoint.createdAt.toISOString(),
    updated_at: endpoint.updatedAt.toISOString(),
    created_by: endpoint.createdBy,
    updated_by: endpoint.updatedBy,
  }
}

/** The answer, and what of it may be kept for the Idempotency-Key: a secret is not. */
export function presentWithSecret({ endpoint, secret }: WebhookEndpointWithSecret) {
  const shown = presentEndpoint(endpoint)
  const answer = (value: string | null): z.output<typeof endpointWithSecretSchema> => ({ ...shown, secret: value })
  return { body: answer(secret), bodyToKeep: answer(null) }
}

export function presentDelivery(delivery: WebhookDelivery): z.output<typeof deliverySchema> {
  return {
    id: delivery.id,
    message_id: `msg_${delivery.id}`,
    event_type: delivery.eventType,
    scan_id: delivery.scanId,
    status: delivery.status,
    attempts: delivery.attempts,
    next_attempt_at: delivery.nextAttemptAt?.toISOString() ?? null,
    last_attempt_at: delivery.lastAttemptAt?.toISOString() ?? null,
    response_status: delivery.responseStatus,
    error: delivery.error,
    created_at: delivery.createdAt.toISOString(),
    completed_at: delivery.completedAt?.toISOString() ?? null,
  }
}
