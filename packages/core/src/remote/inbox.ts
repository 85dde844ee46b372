import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock/clock.ts'
import { RunnerError } from '../errors/errors.ts'
import type { RunnerInbox } from '../runner/runner.ts'
import type { EventHub } from '../scans/event-hub.ts'
import type { Scan } from '../scans/scan.ts'
import type { SecretContext, SecretStore } from '../secrets/secret-store.ts'
import type { Storage } from '../storage/storage.ts'

/** Without a hint from the storage the inbox is looked into this often. */
const lookMs = 1_000
/** Messages handed over at once: of a megabyte each at most. */
const atOnce = 8

/** The name under which the owner of an inbox waits for mail. */
export function inboxNudge(scanId: string): string {
  return `inbox:${scanId}`
}

/** What a run's key is bound to: the platform tenant, the scan and the attempt, so that no stored key can be moved. */
export function runKeyContext(run: { platformTenantId: string; scanId: string; attempt: number }): SecretContext {
  const { platformTenantId, scanId, attempt } = run
  return { platformTenantId, m365TenantId: scanId, credentialId: `attempt:${attempt}`, field: 'remote_run_key' }
}

/** Opens the inbox of a scan's running attempt. Throws RunnerError when the attempt is not running any more, and what the adapters throw. */
export async function openInbox(params: {
  scan: Scan
  storage: Storage
  secrets: SecretStore
  hub: EventHub
  clock: Clock
}): Promise<RunnerInbox> {
  const { scan, storage, secrets, hub, clock } = params
  const { id: scanId, attempt, platformTenantId } = scan
  const key = `whsec_${randomBytes(32).toString('base64')}`
  const context = runKeyContext({ platformTenantId, scanId, attempt })
  const sealedKey = await secrets.seal({ plaintext: key, context })
  if (!(await storage.remoteRuns.open({ scanId, attempt, sealedKey, at: clock.now() })))
    throw new RunnerError('runner_failed', 'The attempt ended before it could be handed to a remote run.')
  const inbox: Omit<RunnerInbox, 'key'> = {
    next: async ({ handled, held, consumed, waitMs, signal }) => {
      const end = performance.now() + waitMs
      for (let first = true; ; first = false) {
        const params = { scanId, attempt, handled: first ? handled : [], consumed, limit: atOnce }
        const waiting = await storage.remoteRuns.take(params)
        const left = end - performance.now()
        const fresh = waiting.some(({ id }) => !held.has(id))
        if (fresh || left <= 0 || signal.aborted || hub.closed) return waiting
        await hub.wait({ scanId: inboxNudge(scanId), timeoutMs: Math.min(left, lookMs), signal })
      }
    },
    close: ({ consumed }) => storage.remoteRuns.close({ scanId, attempt, consumed, at: clock.now() }),
  }
  // Not enumerable: no serialiser and no inspector shows the key.
  return Object.freeze(Object.defineProperty(inbox, 'key', { value: key, enumerable: false })) as RunnerInbox
}
