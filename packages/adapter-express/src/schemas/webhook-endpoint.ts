import { subscribableEventTypes } from '@tenantscope/core'
import * as z from 'zod'
import { guid, paging, text, time } from './common.ts'

const deliveryStatus = z.enum(['pending', 'delivered', 'failed'])

const url = z
  .string()
  .min(1, 'must not be empty.')
  .max(2000)
  .describe('Where messages go: https, on a host that this service allows.')
const description = text(2000).nullable()
const eventTypes = z
  .array(z.enum(subscribableEventTypes))
  .max(subscribableEventTypes.length)
  .describe('What the endpoint wants to be told; empty is everything, later kinds included.')

export const endpointPath = z.strictObject({ id: guid.describe('Id of the webhook endpoint.') })
export const deliveryPath = endpointPath.extend({ delivery_id: guid.describe('Id of the delivery.') })
export const endpointList = z.strictObject(paging)
export const deliveryList = z.strictObject({ status: deliveryStatus.optional(), ...paging })

export const endpointCreate = z
  .strictObject({ url, description: description.optional(), event_types: eventTypes.optional() })
  .meta({
    id: 'WebhookEndpointCreate',
    examples: [{ url: 'https://hooks.example.com/tenantscope', event_types: ['scan.completed', 'scan.failed'] }],
  })

export const endpointUpdate = z
  .strictObject({
    url: url.optional(),
    description: description.optional(),
    event_types: eventTypes.optional(),
    enabled: z.boolean().describe('true takes back what disabled it.').optional(),
  })
  .meta({ id: 'WebhookEndpointUpdate', examples: [{ enabled: true }] })

export const secretRotate = z
  .strictObject({
    overlap_seconds: z
      .number()
      .int()
      .min(0)
      .max(7 * 24 * 3_600)
      .describe('How long the secret before signs as well. Default one day; 0 after a leak.')
      .optional(),
  })
  .meta({ id: 'WebhookSecretRotate', examples: [{ overlap_seconds: 3600 }] })

const endpointFields = {
  id: z.string(),
  url: z.string(),
  description: z.string().nullable(),
  event_types: z.array(z.string()),
  status: z.enum(['enabled', 'disabled']),
  disabled_reason: z.string().nullable(),
  previous_secret_expires_at: time.nullable().describe('Until then the secret before the last rotation signs as well.'),
  created_at: time,
  updated_at: time,
  created_by: z.string(),
  updated_by: z.string(),
}
export const endpointSchema = z.strictObject(endpointFields).meta({ id: 'WebhookEndpoint' })

export const endpointWithSecretSchema = z
  .strictObject({
    ...endpointFields,
    secret: z
      .string()
      .nullable()
      .describe(
        'Verifies the messages (`whsec_…`). Shown here and never again: null where an answer is given again for its Idempotency-Key.',
      ),
  })
  .meta({ id: 'WebhookEndpointWithSecret' })

export const deliverySchema = z
  .strictObject({
    id: z.string(),
    message_id: z.string().describe('The header `webhook-id`: the same at every try.'),
    event_type: z.string(),
    scan_id: z.string().nullable(),
    status: deliveryStatus,
    attempts: z.number().int(),
    next_attempt_at: time.nullable(),
    last_attempt_at: time.nullable(),
    response_status: z.number().int().nullable(),
    error: z.string().nullable(),
    created_at: time,
    completed_at: time.nullable(),
  })
  .meta({ id: 'WebhookDelivery' })
