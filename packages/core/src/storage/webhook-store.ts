import type { SealedSecret } from '../credentials/credential.ts'
import type { Page } from '../paging/page.ts'
import type { TerminalScanStatus } from '../scans/scan.ts'
import type { AuditEntry } from './audit.ts'

export type WebhookEventType = 'scan.completed' | 'scan.failed' | 'scan.cancelled' | 'credential.expiring' | 'test'

/** Where a platform tenant wants to be told of events. */
export interface WebhookEndpoint {
  id: string
  platformTenantId: string
  url: string
  description: string | null
  /** Empty: all. */
  eventTypes: readonly WebhookEventType[]
  status: 'enabled' | 'disabled'
  /** Why it was disabled without anybody's asking. */
  disabledReason: string | null
  /** Newest first, at most two: an older one signs too until it expires. */
  secrets: { sealed: SealedSecret; expiresAt: Date | null }[]
  createdAt: Date
  updatedAt: Date
  createdBy: string
  updatedBy: string
}

export interface WebhookEndpointPatch {
  url?: string
  description?: string | null
  eventTypes?: readonly WebhookEventType[]
  status?: WebhookEndpoint['status']
  disabledReason?: string | null
  secrets?: WebhookEndpoint['secrets']
  updatedAt: Date
  updatedBy: string
}

/** One message for one endpoint: a row of the outbox. A delivery goes with its endpoint, and with its scan. */
export interface WebhookDelivery {
  /** The `webhook-id` header is `msg_<id>`. */
  id: string
  platformTenantId: string
  endpointId: string
  eventType: WebhookEventType
  scanId: string | null
  /** The `data` of the message, JSON. null: made from the scan, which does not change once it has ended. */
  payload: unknown
  status: 'pending' | 'delivered' | 'failed'
  /** Tries begun so far. What a try writes carries its number. */
  attempts: number
  /** By the backend's clock; null unless pending. */
  nextAttemptAt: Date | null
  lastAttemptAt: Date | null
  responseStatus: number | null
  error: string | null
  createdAt: Date
  completedAt: Date | null
}

export interface WebhookStore {
  /** `limit_reached`: the platform tenant has `limit` endpoints already, counted so that two calls at once do not both pass. */
  insertEndpoint(params: {
    endpoint: WebhookEndpoint
    limit: number
    audit?: AuditEntry | null
  }): Promise<WebhookEndpoint | 'limit_reached'>
  getEndpoint(params: { platformTenantId: string; id: string }): Promise<WebhookEndpoint | null>
  /** Newest first. */
  listEndpoints(params: {
    platformTenantId: string
    cursor: string | null
    limit: number
  }): Promise<Page<WebhookEndpoint>>
  /** Absent fields stay. null when there is none. */
  updateEndpoint(params: {
    platformTenantId: string
    id: string
    patch: WebhookEndpointPatch
    audit?: AuditEntry | null
  }): Promise<WebhookEndpoint | null>
  /** With its deliveries. false when there is none. */
  deleteEndpoint(params: { platformTenantId: string; id: string; audit?: AuditEntry | null }): Promise<boolean>
  getDelivery(params: { platformTenantId: string; deliveryId: string }): Promise<WebhookDelivery | null>
  /** Newest first. An unknown endpoint gives an empty page. */
  listDeliveries(params: {
    platformTenantId: string
    endpointId: string
    status: WebhookDelivery['status'] | null
    cursor: string | null
    limit: number
  }): Promise<Page<WebhookDelivery>>
  /**
   * One pending delivery, due at once, for each enabled endpoint that wants the type; or, with `endpointId`, for that one if it is enabled, whatever types it
   * wants. Says how many. A scan id that is not one of the platform tenant's scans gives 0.
   */
  enqueue(params: {
    platformTenantId: string
    eventType: WebhookEventType
    scanId: string | null
    payload: unknown
    endpointId: string | null
    at: Date
    /** Written when there is at least one. */
    audit?: AuditEntry | null
  }): Promise<number>
  /** Pending again, due at once, with no attempts counted. One whose try is under way is left as it is (and no audit entry written). null when there is none. */
  redeliver(params: {
    platformTenantId: string
    deliveryId: string
    at: Date
    audit?: AuditEntry | null
  }): Promise<WebhookDelivery | null>
}

/** How a try went. `retry` comes up again `delayMs` later; `disableEndpoint` is the reason to disable the endpoint with it. */
export type WebhookOutcome =
  | { kind: 'delivered'; responseStatus: number }
  | { kind: 'retry'; responseStatus: number | null; error: string; delayMs: number }
  | { kind: 'failed'; responseStatus: number | null; error: string; disableEndpoint: string | null }

/** At most so many tries at once go to one endpoint, from all processes together. */
export const deliveriesAtOncePerEndpoint = 2

export function endEventType(status: TerminalScanStatus): WebhookEventType {
  return `scan.${status}`
}
