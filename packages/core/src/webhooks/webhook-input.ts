import * as z from 'zod'
import { pageSchema } from '../tenants/m365-tenant-input.ts'

/** What an endpoint can be told. `test` comes only when it is asked for. */
export const subscribableEventTypes = [
  'scan.completed',
  'scan.failed',
  'scan.cancelled',
  'credential.expiring',
] as const

const urlSchema = z.string('must be text')
const descriptionSchema = z.string('must be text').max(2_000, 'must have at most 2,000 characters').nullable()
const eventTypesSchema = z
  .array(z.enum(subscribableEventTypes, `must be one of ${subscribableEventTypes.join(', ')}`))
  .max(subscribableEventTypes.length, 'names an event twice')
  .refine((types) => new Set(types).size === types.length, 'names an event twice')

export const createEndpointSchema = z.strictObject({
  url: urlSchema,
  description: descriptionSchema.optional(),
  eventTypes: eventTypesSchema.optional(),
})
/** `eventTypes` left out or empty: all of them, those of later versions included. */
export type CreateWebhookEndpointInput = z.input<typeof createEndpointSchema>

export const updateEndpointSchema = z.strictObject({
  url: urlSchema.optional(),
  description: descriptionSchema.optional(),
  eventTypes: eventTypesSchema.optional(),
  enabled: z.boolean('must be true or false').optional(),
})
export type UpdateWebhookEndpointInput = z.input<typeof updateEndpointSchema>

const longestOverlapMs = 7 * 24 * 3_600_000

export const rotateSecretSchema = z.strictObject({
  overlapMs: z
    .int('must be a whole number of milliseconds')
    .min(0, 'must not be negative')
    .max(longestOverlapMs, 'must be at most 7 days')
    .default(24 * 3_600_000),
})
export type RotateWebhookSecretInput = z.input<typeof rotateSecretSchema>

export const listEndpointsSchema = z.strictObject(pageSchema)
export type ListWebhookEndpointsInput = z.input<typeof listEndpointsSchema>

export const listDeliveriesSchema = z.strictObject({
  status: z
    .enum(['pending', 'delivered', 'failed'], 'must be pending, delivered or failed')
    .nullish()
    .transform((status) => status ?? null),
  ...pageSchema,
})
export type ListWebhookDeliveriesInput = z.input<typeof listDeliveriesSchema>
