import { randomUUID } from 'node:crypto'
import { isTenantscopeError } from '@tenantscope/core'
import type { Installation } from './installation.ts'
import { pause } from './stored.ts'

/** What an API process goes through during a fault: a new call each 100 ms, whether the ones before have settled or not. */
export interface Traffic {
  /** When a call that began after `since` first succeeded, on the clock of `performance.now`. */
  firstSuccessSince(since: number): number | null
  /** Resolves when the last call has settled. */
  stop(): Promise<{ calls: number; refused: number; longestMs: number; wrong: string[] }>
}

export function startTraffic(on: Installation, scanId: string): Traffic {
  const successes: { began: number; settled: number }[] = []
  const wrong: string[] = []
  const calls: Promise<void>[] = []
  let refused = 0
  let longestMs = 0
  let going = true

  const call = async (work: () => Promise<unknown>, counts: boolean) => {
    const began = performance.now()
    try {
      await work()
      if (counts) successes.push({ began, settled: performance.now() })
    } catch (error) {
      refused += 1
      if (!isTenantscopeError(error) || error.code !== 'storage_failed' || !error.retryable)
        wrong.push(`a call failed with ${error}`)
    } finally {
      longestMs = Math.max(longestMs, performance.now() - began)
    }
  }
  const running = (async () => {
    for (let i = 0; going; i += 1) {
      calls.push(call(() => on.scope.scans.get(scanId), true))
      // An entry for a scan that is not there: a worker looks, and is done with it.
      const entry = { platformTenantId: 'msp', m365TenantId: randomUUID(), scanId: randomUUID() }
      if (i % 10 === 0) calls.push(call(() => on.queue.enqueue(entry), false))
      await pause(100)
    }
  })()
  return {
    firstSuccessSince: (since) => successes.find(({ began }) => began >= since)?.settled ?? null,
    stop: async () => {
      going = false
      await running
      await Promise.all(calls)
      return { calls: calls.length, refused, longestMs, wrong: [...new Set(wrong)] }
    },
  }
}
