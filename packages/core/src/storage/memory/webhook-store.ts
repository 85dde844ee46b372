import { randomUUID } from 'node:crypto'
import type { TerminalScanStatus } from '../../scans/scan.ts'
import { checkAudit } from '../audit.ts'
import type { WorkStore } from '../storage.ts'
import { deliveriesAtOncePerEndpoint, endEventType, type WebhookDelivery, type WebhookStore } from '../webhook-store.ts'
import { newestPage } from './keyset.ts'
import { type DeliveryRecord, type ScanRecord, step, type Tables } from './tables.ts'

/** Endpoints and their deliveries on memory tables. Leases and due times run on the monotonic clock of the process. */
export function memoryWebhookStore(tables: Tables): WebhookStore {
  return {
    insertEndpoint: ({ endpoint, limit, audit }) =>
      step(() => {
        const { platformTenantId } = endpoint
        const mine = [...tables.endpoints.values()].filter((one) => one.platformTenantId === platformTenantId)
        if (mine.length >= limit) return 'limit_reached'
        tables.addAudit(platformTenantId, audit)
        tables.endpoints.set(endpoint.id, structuredClone(endpoint))
        return endpoint
      }),
    getEndpoint: ({ platformTenantId, id }) => step(() => tables.endpoint(platformTenantId, id)),
    listEndpoints: ({ platformTenantId, cursor, limit }) =>
      step(() => {
        const mine = [...tables.endpoints.values()].filter((one) => one.platformTenantId === platformTenantId)
        return newestPage(mine, cursor, limit)
      }),
    updateEndpoint: (write) => step(() => tables.update(tables.endpoints, write)),
    deleteEndpoint: (write) =>
      step(() => {
        const removed = tables.remove(tables.endpoints, write)
        if (removed) tables.dropDeliveries((delivery) => delivery.endpointId === write.id)
        return removed
      }),
    getDelivery: ({ platformTenantId, deliveryId }) =>
      step(() => tables.delivery(platformTenantId, deliveryId)?.delivery ?? null),
    listDeliveries: ({ platformTenantId, endpointId, status, cursor, limit }) =>
      step(() => {
        const rows = [...tables.deliveries.values()]
          .map(({ delivery }) => delivery)
          .filter((one) => one.platformTenantId === platformTenantId && one.endpointId === endpointId)
          .filter((one) => status === null || one.status === status)
        return newestPage(rows, cursor, limit)
      }),
    enqueue: (event) =>
      step(() => {
        const known = event.scanId === null || tables.scan(event.platformTenantId, event.scanId) !== null
        checkAudit(event.platformTenantId, event.audit)
        const added = known ? addDeliveries(tables, event) : 0
        if (added > 0) tables.addAudit(event.platformTenantId, event.audit)
        return added
      }),
    redeliver: ({ platformTenantId, deliveryId, audit }) =>
      step(() => {
        const record = tables.delivery(platformTenantId, deliveryId)
        if (!record || isLeased(record, tables.monotonicMs())) return record?.delivery ?? null
        tables.addAudit(platformTenantId, audit)
        record.leaseUntil = null
        record.dueAt = tables.monotonicMs()
        const due = { nextAttemptAt: new Date(), completedAt: null }
        return Object.assign(record.delivery, { status: 'pending', attempts: 0, ...due })
      }),
  }
}

/** One pending delivery for each endpoint that wants it. The number of them. */
function addDeliveries(tables: Tables, event: Parameters<WebhookStore['enqueue']>[0]): number {
  const { platformTenantId, eventType, scanId, payload, endpointId, at } = event
  let count = 0
  for (const endpoint of tables.endpoints.values()) {
    const { eventTypes, status } = endpoint
    if (endpoint.platformTenantId !== platformTenantId || status !== 'enabled') continue
    if (endpointId !== null && endpoint.id !== endpointId) continue
    if (endpointId === null && eventTypes.length > 0 && !eventTypes.includes(eventType)) continue
    const delivery: WebhookDelivery = {
      id: randomUUID(),
      platformTenantId,
      endpointId: endpoint.id,
      eventType,
      scanId,
      payload: structuredClone(payload),
      status: 'pending',
      attempts: 0,
      nextAttemptAt: new Date(),
      lastAttemptAt: null,
      responseStatus: null,
      error: null,
      createdAt: at,
      completedAt: null,
    }
    tables.deliveries.set(delivery.id, { delivery, leaseUntil: null, dueAt: tables.monotonicMs() })
    count += 1
  }
  return count
}

/** The outbox: written in the step that ends the scan. */
export function announceEnd(tables: Tables, { scan }: ScanRecord, status: TerminalScanStatus, at: Date): void {
  const { platformTenantId, id: scanId } = scan
  addDeliveries(tables, {
    platformTenantId,
    eventType: endEventType(status),
    scanId,
    payload: null,
    endpointId: null,
    at,
  })
}

function isLeased({ delivery, leaseUntil }: DeliveryRecord, nowMs: number): boolean {
  return delivery.status === 'pending' && leaseUntil !== null && leaseUntil > nowMs
}

/** The sender's side. */
export function memoryDeliveries(tables: Tables): Pick<WorkStore, 'claimDeliveries' | 'settleDelivery'> {
  return {
    claimDeliveries: ({ leaseMs, limit }) =>
      step(() => {
        const nowMs = tables.monotonicMs()
        const busy = new Map<string, number>()
        const pending = [...tables.deliveries.values()].filter(({ delivery }) => delivery.status === 'pending')
        for (const record of pending) {
          const { endpointId } = record.delivery
          if (isLeased(record, nowMs)) busy.set(endpointId, (busy.get(endpointId) ?? 0) + 1)
        }
        const due = pending
          .filter((record) => !isLeased(record, nowMs) && record.dueAt <= nowMs)
          .sort((a, b) => a.dueAt - b.dueAt || (a.delivery.id < b.delivery.id ? -1 : 1))
        const claimed: WebhookDelivery[] = []
        for (const record of due) {
          const { delivery } = record
          const underWay = busy.get(delivery.endpointId) ?? 0
          if (claimed.length >= limit || underWay >= deliveriesAtOncePerEndpoint) continue
          busy.set(delivery.endpointId, underWay + 1)
          record.leaseUntil = nowMs + leaseMs
          delivery.attempts += 1
          claimed.push(delivery)
        }
        return claimed
      }),
    settleDelivery: ({ deliveryId, platformTenantId, attempt, outcome, at }) =>
      step(() => {
        const record = tables.delivery(platformTenantId, deliveryId)
        if (record?.delivery.status !== 'pending' || record.delivery.attempts !== attempt) return false
        const { delivery } = record
        const error = outcome.kind === 'delivered' ? null : outcome.error
        record.leaseUntil = null
        Object.assign(delivery, { lastAttemptAt: at, responseStatus: outcome.responseStatus, error })
        if (outcome.kind === 'retry') {
          record.dueAt = tables.monotonicMs() + outcome.delayMs
          delivery.nextAttemptAt = new Date(Date.now() + outcome.delayMs)
          return true
        }
        Object.assign(delivery, { status: outcome.kind, nextAttemptAt: null, completedAt: at })
        const endpoint = tables.endpoint(platformTenantId, delivery.endpointId)
        const reason = outcome.kind === 'failed' ? outcome.disableEndpoint : null
        if (reason !== null && endpoint?.status === 'enabled') {
          Object.assign(endpoint, { status: 'disabled', disabledReason: reason, updatedAt: at })
        }
        return true
      }),
  }
}
