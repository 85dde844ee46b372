import type { InboxMessage, RemoteRun, RemoteRunStore } from '../remote-runs.ts'
import { step, type Tables } from './tables.ts'

interface Inbox {
  run: RemoteRun
  messages: Map<string, InboxMessage>
}

/** Inboxes on memory tables. They hang on the scan's record, so that they go with it. */
export function memoryRemoteRunStore(tables: Tables): RemoteRunStore {
  const inboxes = new WeakMap<object, Inbox>()
  const find = (scanId: string) => {
    const record = tables.scans.get(scanId)
    const inbox = record && inboxes.get(record)
    return record && inbox ? { ...inbox, scan: record.scan } : null
  }
  const isLive = (found: ReturnType<typeof find>, attempt: number): found is NonNullable<typeof found> =>
    found !== null && found.run.attempt === attempt && found.run.closedAt === null
  return {
    open: ({ scanId, attempt, sealedKey, at }) =>
      step(() => {
        const record = tables.scans.get(scanId)
        if (record?.scan.status !== 'running' || record.scan.attempt !== attempt) return false
        const { platformTenantId } = record.scan
        const counts = { consumed: 0, accepted: 0, rejected: 0 }
        const times = { openedAt: at, closedAt: null, lastMessageAt: null }
        const run = { platformTenantId, scanId, attempt, sealedKey: structuredClone(sealedKey), ...times, ...counts }
        inboxes.set(record, { run, messages: new Map() })
        return true
      }),
    find: ({ scanId }) =>
      step(() => {
        const found = find(scanId)
        return found && { run: found.run, scan: found.scan }
      }),
    append: ({ scanId, attempt, message, at, maxWaitingBytes, maxWaiting }) =>
      step(() => {
        const found = find(scanId)
        if (!isLive(found, attempt) || found.scan.status !== 'running' || found.scan.attempt !== attempt) return 'ended'
        const { run, messages } = found
        run.lastMessageAt = at
        const taken = message.events > 0 && message.sequence + message.events <= run.consumed
        if (messages.has(message.id) || taken) return 'known'
        const all = [...messages.values()]
        const waiting = all.reduce((sum, { bytes }) => sum + bytes, 0)
        const isNext = (one: InboxMessage) => one.sequence <= run.consumed
        const roomFor = all.length < maxWaiting && waiting + message.bytes <= maxWaitingBytes
        if (!roomFor && (!isNext(message) || all.some(isNext))) return 'full'
        messages.set(message.id, structuredClone(message))
        run.accepted += 1
        for (const listener of tables.growthListeners) queueMicrotask(() => listener({ scanId, sequence: 0 }))
        return 'stored'
      }),
    take: ({ scanId, attempt, handled, consumed, limit }) =>
      step(() => {
        const found = find(scanId)
        if (!isLive(found, attempt)) return []
        for (const id of handled) found.messages.delete(id)
        found.run.consumed = consumed
        return [...found.messages.values()].sort(inOrder).slice(0, limit)
      }),
    countRejected: ({ scanId, attempt, at }) =>
      step(() => {
        const found = find(scanId)
        if (found?.run.attempt !== attempt) return
        found.run.rejected += 1
        found.run.lastMessageAt = at
      }),
    close: ({ scanId, attempt, consumed, at }) =>
      step(() => {
        const found = find(scanId)
        if (!isLive(found, attempt)) return
        found.messages.clear()
        Object.assign(found.run, { consumed, closedAt: at })
      }),
  }
}

function inOrder(a: InboxMessage, b: InboxMessage): number {
  return a.sequence - b.sequence || a.offset - b.offset || (a.id < b.id ? -1 : 1)
}
