import type { QueueEntry } from '@tenantscope/core'

const fields = ['platformTenantId', 'm365TenantId', 'scanId'] as const

/** What is written to the database: the three ids and nothing else, whatever the caller's object holds. pg-boss keeps it as plain JSON. */
export function toPayload(entry: QueueEntry): QueueEntry {
  const { platformTenantId, m365TenantId, scanId } = entry
  return { platformTenantId, m365TenantId, scanId }
}

/** Throws for what this package did not write. */
export function fromPayload(data: unknown): QueueEntry {
  const found = (data ?? {}) as Record<string, unknown>
  for (const field of fields) {
    if (typeof found[field] !== 'string') throw new Error(`The entry is no scan: ${field} is missing.`)
  }
  return toPayload(found as unknown as QueueEntry)
}
