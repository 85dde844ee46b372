import PQueue from 'p-queue'
import { TenantscopeError } from '../errors/errors.ts'
import type { DeliveryOutcome, Queue, QueueEntry } from './queue.ts'

/**
 * A queue in the process's memory, on p-queue. What waits in it is gone with the process: the scan table is the truth, and the worker's sweep puts every
 * pending scan back.
 */
export function inProcessQueue(): Queue {
  const tasks = new PQueue({ concurrency: 1, autoStart: false })
  const waiting = new Map<string, QueueEntry>()
  const delayed = new Map<string, NodeJS.Timeout>()
  let deliver: ((entry: QueueEntry) => Promise<DeliveryOutcome>) | null = null
  let closed = false

  const add = (entry: QueueEntry) => {
    if (closed || waiting.has(entry.scanId)) return
    waiting.set(entry.scanId, entry)
    void tasks.add(async () => {
      // Removed while it waited: p-queue cannot take a task out, so the task looks.
      if (!waiting.delete(entry.scanId) || closed || !deliver) return
      const outcome = await deliver({ ...entry })
      if (outcome.kind === 'later') postpone(entry, outcome.delayMs)
    })
  }
  const postpone = (entry: QueueEntry, delayMs: number) => {
    if (closed || delayed.has(entry.scanId)) return
    const timer = setTimeout(() => {
      delayed.delete(entry.scanId)
      add(entry)
    }, delayMs)
    // A waiting scan alone must not keep the host's process alive.
    timer.unref()
    delayed.set(entry.scanId, timer)
  }

  return {
    enqueue: async (entry) => {
      if (closed) throw new TenantscopeError('closed', 'The queue is closed.')
      if (!delayed.has(entry.scanId)) add({ ...entry })
    },
    consume: async (params) => {
      if (deliver) throw new TenantscopeError('conflict', 'The queue has a consumer already.')
      deliver = params.deliver
      tasks.concurrency = params.concurrency
      tasks.start()
    },
    remove: async ({ scanId }) => {
      waiting.delete(scanId)
      clearTimeout(delayed.get(scanId))
      delayed.delete(scanId)
    },
    health: async () =>
      closed ? { ok: false, detail: 'closed' } : { ok: true, detail: `in this process, ${waiting.size} waiting` },
    close: async () => {
      closed = true
      for (const timer of delayed.values()) clearTimeout(timer)
      delayed.clear()
      waiting.clear()
      tasks.clear()
      // A queue that was never started has nothing under way and would never become idle.
      if (deliver) await tasks.onIdle()
    },
  }
}
