import assert from 'node:assert/strict'
import {
  emptyCounts,
  isTerminal,
  type M365Tenant,
  type Scan,
  type Storage,
  type WebhookEndpoint,
} from '@tenantscope/core'
import { addEndpoint, deliveriesOf } from './later-samples.ts'
import { controlOf, type ModelScan, maxAttempts, plannedControls, ScanModel, type Step } from './model.ts'
import {
  addScan,
  addTenant,
  at,
  eventsOf,
  finishOf,
  leaseMs,
  must,
  newPlatformTenant,
  recordOf,
  resultsOf,
  sampleEvent,
  sampleResult,
} from './samples.ts'

const workerId = 'worker-1'
/** A lease that is over as soon as it is waited for. */
const shortMs = 1

interface Pair {
  model: ModelScan
  scan: Scan
  /** As it ended: from then on nothing may differ. */
  ended: Scan | null
}

/** Plays steps on a storage and on the model, and wants the same answers and the same scans after each. Leaves nothing in the storage. */
export async function playSteps(params: {
  storage: Storage
  passTime: (ms: number) => Promise<void>
  steps: readonly Step[]
}): Promise<void> {
  const platformTenantId = newPlatformTenant()
  const { storage } = params
  const tenants = [await addTenant(storage, { platformTenantId }), await addTenant(storage, { platformTenantId })]
  const endpoint = await addEndpoint(storage, platformTenantId)
  try {
    const play = new Play(storage, params.passTime, tenants)
    for (const step of params.steps) await play.step(step)
    await play.bringToEnd()
    await play.check()
    await play.checkOutbox(endpoint)
  } finally {
    await storage.webhooks.deleteEndpoint({ platformTenantId, id: endpoint.id })
    for (const { id } of tenants) await storage.m365Tenants.delete({ platformTenantId, id })
  }
}

class Play {
  readonly #model = new ScanModel()
  readonly #pairs: Pair[] = []
  readonly #storage: Storage
  readonly #passTime: (ms: number) => Promise<void>
  readonly #tenants: M365Tenant[]

  constructor(storage: Storage, passTime: (ms: number) => Promise<void>, tenants: M365Tenant[]) {
    this.#storage = storage
    this.#passTime = passTime
    this.#tenants = tenants
  }

  async step(step: Step): Promise<void> {
    if (step.do === 'insert') return this.#insert(step.tenant)
    if (step.do === 'sweep') return this.#sweep()
    // Before the first insert there is nothing to do anything to.
    const pair = this.#pairs[step.scan % Math.max(1, this.#pairs.length)]
    if (!pair) return
    await this.#touch(pair, step)
    await this.#same(pair)
  }

  /** What is not over yet is run by workers that keep dying: also then every scan ends. */
  async bringToEnd(): Promise<void> {
    const open = () => this.#pairs.filter(({ model }) => !isTerminal(model.status))
    for (let round = 0; open().length > 0; round += 1) {
      assert.ok(round <= this.#pairs.length * (maxAttempts + 1), 'every scan ends')
      for (const { model } of open()) {
        const scan = this.#model.scans.indexOf(model)
        await this.step({ do: 'claim', scan })
        await this.step({ do: 'expire', scan })
      }
      await this.#sweep()
    }
  }

  async check(): Promise<void> {
    for (const pair of this.#pairs) {
      await this.#same(pair)
      const { model, scan } = pair
      const results = await resultsOf(this.#storage, scan)
      assert.deepEqual(
        results.map((result) => [result.controlId, result.status]),
        plannedControls.map((id) => [id, model.results.get(id)]),
        'every planned control has its result',
      )
      const log = await eventsOf(this.#storage, scan)
      assert.deepEqual(
        log.map((event) => [event.sequence, event.type]),
        model.events.map((type, i) => [i + 1, type]),
        'the log has no gap and nothing twice',
      )
    }
  }

  async checkOutbox(endpoint: WebhookEndpoint): Promise<void> {
    const deliveries = await deliveriesOf(this.#storage, endpoint)
    assert.deepEqual(
      deliveries.map(({ scanId, eventType }) => `${scanId} ${eventType}`).sort(),
      this.#pairs.map(({ model, scan }) => `${scan.id} scan.${model.status}`).sort(),
      'every end is told once',
    )
  }

  async #insert(n: number): Promise<void> {
    const tenant = must(this.#tenants[n % this.#tenants.length], 'tenant')
    const scan = await addScan(this.#storage, tenant, { plannedControls: [...plannedControls] })
    this.#model.insert(n % this.#tenants.length)
    this.#pairs.push({ model: must(this.#model.scans.at(-1), 'scan'), scan, ended: null })
  }

  async #touch({ model, scan }: Pair, step: Exclude<Step, { do: 'insert' | 'sweep' }>): Promise<void> {
    const { work, scans } = this.#storage
    const { id: scanId, platformTenantId } = scan
    const attempt = model.attempt + ('late' in step ? step.late : 0)
    switch (step.do) {
      case 'claim': {
        const claimed = await work.claim({ scanId, workerId, leaseMs, at })
        return assert.equal(claimed !== null, this.#model.claim(model), 'claim')
      }
      case 'renew': {
        const owner = step.stranger ? 'worker-2' : workerId
        const answer = await work.renewLease({ scanId, attempt, workerId: owner, leaseMs })
        return assert.equal(answer, this.#model.renew(model, attempt, step.stranger), 'renewLease')
      }
      case 'record': {
        const results = step.controls.map((n) => sampleResult(scan, controlOf(n), { status: step.status, attempt }))
        const events = step.controls.map(() => sampleEvent())
        const stored = await work.record(recordOf(scan, { attempt, results, events, progress: step.progress }))
        return assert.equal(stored.accepted, this.#model.record(model, attempt, step), 'record')
      }
      case 'finish': {
        const failureReason = step.status === 'failed' ? ('runner_error' as const) : null
        const ended = await work.finish(finishOf(scan, { attempt, status: step.status, failureReason }))
        return assert.equal(ended !== null, this.#model.finish(model, attempt, step.status), 'finish')
      }
      case 'release': {
        const released = await work.release({ scanId, attempt, at })
        return assert.equal(released !== null, this.#model.release(model, attempt), 'release')
      }
      case 'cancel': {
        await scans.requestCancel({ platformTenantId, scanId, at, notRunMessage: 'Cancelled.' })
        return this.#model.cancel(model)
      }
      case 'expire': {
        if (model.status !== 'running') return
        await work.renewLease({ scanId, attempt, workerId, leaseMs: shortMs })
        await this.#passTime(shortMs)
        return this.#model.expire(model)
      }
    }
  }

  async #sweep(): Promise<void> {
    const swept = new Set((await this.#storage.work.sweep({ maxAttempts, at })).map((scan) => scan.id))
    const expected = new Set(this.#model.sweep())
    for (const { model, scan } of this.#pairs) assert.equal(swept.has(scan.id), expected.has(model), 'sweep')
    for (const pair of this.#pairs) await this.#same(pair)
  }

  async #same(pair: Pair): Promise<void> {
    const { model, scan } = pair
    const { platformTenantId, id: scanId } = scan
    const stored = must(await this.#storage.scans.get({ platformTenantId, scanId }), 'scans.get')
    if (pair.ended) return assert.deepEqual(stored, pair.ended, 'a scan that has ended never changes')
    const counts = emptyCounts()
    for (const status of model.results.values()) counts[status] += 1
    assert.deepEqual(
      {
        status: stored.status,
        attempt: stored.attempt,
        workerId: stored.workerId,
        leased: stored.leaseExpiresAt !== null,
        cancelRequested: stored.cancelRequestedAt !== null,
        failureReason: stored.failureReason,
        counts: stored.counts,
        lastSequence: stored.lastSequence,
        completed: stored.completedAt !== null,
      },
      {
        status: model.status,
        attempt: model.attempt,
        workerId: model.status === 'running' ? workerId : null,
        leased: model.status === 'running',
        cancelRequested: model.cancelRequested,
        failureReason: model.failureReason,
        counts,
        lastSequence: model.events.length,
        completed: isTerminal(model.status),
      },
    )
    if (isTerminal(stored.status)) pair.ended = stored
  }
}
