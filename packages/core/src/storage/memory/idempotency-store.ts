import type { IdempotencyStore } from '../idempotency.ts'
import { step, type Tables } from './tables.ts'

export function memoryIdempotencyStore(tables: Tables): IdempotencyStore {
  /** Kept apart by platform tenant whatever characters are in the two. */
  const nameOf = (platformTenantId: string, key: string) => JSON.stringify([platformTenantId, key])
  const inProgress = (params: { platformTenantId: string; key: string; fingerprint: string }) => {
    const record = tables.idempotencyKeys.get(nameOf(params.platformTenantId, params.key))
    return record?.fingerprint === params.fingerprint && record.response === null ? record : null
  }
  return {
    begin: ({ platformTenantId, key, fingerprint, at, lockMs }) =>
      step(() => {
        const name = nameOf(platformTenantId, key)
        const record = tables.idempotencyKeys.get(name)
        if (record && record.fingerprint !== fingerprint) return { kind: 'mismatch' as const }
        if (record?.response) return { kind: 'done' as const, response: record.response }
        if (record && record.lockedUntil > tables.monotonicMs()) return { kind: 'in_progress' as const }
        const lockedUntil = tables.monotonicMs() + lockMs
        tables.idempotencyKeys.set(name, { fingerprint, begunAt: at, lockedUntil, response: null })
        return { kind: 'new' as const }
      }),
    complete: (params) =>
      step(() => {
        const record = inProgress(params)
        if (record) record.response = structuredClone(params.response)
        return record !== null
      }),
    abandon: (params) =>
      step(() => {
        if (inProgress(params)) tables.idempotencyKeys.delete(nameOf(params.platformTenantId, params.key))
      }),
  }
}

export function pruneIdempotencyKeys(tables: Tables, olderThan: Date): number {
  let pruned = 0
  for (const [name, { begunAt }] of tables.idempotencyKeys) {
    if (begunAt >= olderThan) continue
    tables.idempotencyKeys.delete(name)
    pruned += 1
  }
  return pruned
}
