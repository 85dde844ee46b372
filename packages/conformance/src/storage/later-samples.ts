import { randomUUID } from 'node:crypto'
import type {
  AuditEntry,
  RiskException,
  Schedule,
  Storage,
  WebhookDelivery,
  WebhookEndpoint,
  WebhookEventType,
} from '@tenantscope/core'
import { at, must } from './samples.ts'

export function sampleEndpoint(platformTenantId: string, overrides: Partial<WebhookEndpoint> = {}): WebhookEndpoint {
  return {
    id: randomUUID(),
    platformTenantId,
    url: 'https://hooks.example.com/tenantscope',
    description: null,
    eventTypes: [],
    status: 'enabled',
    disabledReason: null,
    secrets: [
      { sealed: { envelope: 'AQIDBA==', keyId: 'k1', keyVersion: 2 }, expiresAt: null },
      { sealed: { envelope: 'BQYHCA==', keyId: 'k1', keyVersion: 1 }, expiresAt: new Date('2026-04-01T00:00:00.001Z') },
    ],
    createdAt: new Date('2026-03-01T10:00:00.123Z'),
    updatedAt: new Date('2026-03-01T10:00:00.124Z'),
    createdBy: 'ana',
    updatedBy: 'ben',
    ...overrides,
  }
}

export function sampleAudit(platformTenantId: string, overrides: Partial<AuditEntry> = {}): AuditEntry {
  return {
    id: randomUUID(),
    platformTenantId,
    at: new Date('2026-03-02T10:00:00.321Z'),
    actor: 'ana',
    action: 'm365_tenant.updated',
    resource: { type: 'm365_tenant', id: randomUUID() },
    requestId: 'req-1',
    detail: { fields: ['name', 'status'] },
    ...overrides,
  }
}

export function sampleException(platformTenantId: string, overrides: Partial<RiskException> = {}): RiskException {
  return {
    id: randomUUID(),
    platformTenantId,
    m365TenantId: null,
    benchmarkId: 'cis-m365',
    controlId: '1.1.1',
    entityId: null,
    reason: 'The break-glass account has no mailbox.',
    requestedBy: 'ana',
    approvedBy: null,
    expiresAt: new Date('2026-09-01T00:00:00.001Z'),
    createdAt: new Date('2026-03-01T10:00:00.123Z'),
    updatedAt: new Date('2026-03-01T10:00:00.124Z'),
    createdBy: 'ana',
    updatedBy: 'ben',
    ...overrides,
  }
}

export function sampleSchedule(
  tenant: { platformTenantId: string; id: string },
  overrides: Partial<Schedule> = {},
): Schedule {
  return {
    id: randomUUID(),
    platformTenantId: tenant.platformTenantId,
    m365TenantId: tenant.id,
    cron: '0 3 * * 1',
    timeZone: 'Europe/Vienna',
    benchmark: { id: 'cis-m365', version: '5.0.0' },
    options: { level: 'L1', profile: null, controlIds: ['1.1.1'], outputFormat: null },
    enabled: true,
    nextRunAt: new Date('2026-03-09T02:00:00.001Z'),
    lastRunAt: null,
    lastScanId: null,
    createdAt: new Date('2026-03-01T10:00:00.123Z'),
    updatedAt: new Date('2026-03-01T10:00:00.124Z'),
    createdBy: 'ana',
    updatedBy: 'ben',
    ...overrides,
  }
}

export async function addEndpoint(
  storage: Storage,
  platformTenantId: string,
  overrides: Partial<WebhookEndpoint> = {},
): Promise<WebhookEndpoint> {
  const stored = await storage.webhooks.insertEndpoint({
    endpoint: sampleEndpoint(platformTenantId, overrides),
    limit: 100,
  })
  if (stored === 'limit_reached') throw new Error('insertEndpoint gave limit_reached')
  return stored
}

/** One delivery for this endpoint, pending and due. */
export async function addDelivery(
  storage: Storage,
  endpoint: WebhookEndpoint,
  overrides: { eventType?: WebhookEventType; scanId?: string; payload?: unknown; at?: Date } = {},
): Promise<WebhookDelivery> {
  const { platformTenantId, id: endpointId } = endpoint
  const before = new Set((await deliveriesOf(storage, endpoint)).map(({ id }) => id))
  await storage.webhooks.enqueue({
    platformTenantId,
    eventType: 'test',
    scanId: null,
    payload: { hello: 'world' },
    endpointId,
    at,
    ...overrides,
  })
  const added = (await deliveriesOf(storage, endpoint)).find(({ id }) => !before.has(id))
  return must(added, 'webhooks.enqueue')
}

/** Newest first, at most 200. */
export async function deliveriesOf(storage: Storage, endpoint: WebhookEndpoint): Promise<WebhookDelivery[]> {
  const { platformTenantId, id: endpointId } = endpoint
  const page = await storage.webhooks.listDeliveries({
    platformTenantId,
    endpointId,
    status: null,
    cursor: null,
    limit: 200,
  })
  return page.data
}

/** The whole audit log of a platform tenant, newest first. */
export async function auditOf(
  storage: Storage,
  platformTenantId: string,
  filter: Partial<Parameters<Storage['audit']['list']>[0]> = {},
): Promise<AuditEntry[]> {
  const page = await storage.audit.list({
    platformTenantId,
    resourceType: null,
    resourceId: null,
    action: null,
    actor: null,
    since: null,
    cursor: null,
    limit: 200,
    ...filter,
  })
  return page.data
}
