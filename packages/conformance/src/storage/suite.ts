import { auditTests } from './audit.ts'
import type { MadeStorage, StorageSuiteOptions, SuiteContext } from './context.ts'
import { credentialTests } from './credentials.ts'
import { idempotencyTests } from './idempotency.ts'
import { isolationTests } from './isolation.ts'
import { lifecycleTests } from './lifecycle.ts'
import { m365TenantTests } from './m365-tenants.ts'
import { modelTests } from './model-tests.ts'
import { outboxTests } from './outbox.ts'
import { pagingTests } from './paging.ts'
import { planTests } from './plans.ts'
import { randomTests } from './random.ts'
import { remoteRunTests } from './remote-runs.ts'
import { resultTests } from './results.ts'
import { scanTests } from './scans.ts'
import { valueTests } from './values.ts'
import { webhookTests } from './webhooks.ts'
import { leaseTests } from './work-lease.ts'
import { recordTests } from './work-record.ts'
import { turnTests } from './work-turns.ts'

/** Timers and databases round: a lease that should be over is so after this at the latest. */
const roundingMs = 4

/**
 * What every Storage must do. Registers its tests with the runner that is handed in; `make` is called once and the storage migrated before the first test.
 * Tests use platform tenants of their own instead of emptying tables, so a database may be shared with other suites, except for `work.sweep`,
 * `work.claimDeliveries` and `work.pruneIdempotencyKeys`: nobody else may call these on it meanwhile.
 */
export function storageSuite(options: StorageSuiteOptions): void {
  const { test } = options
  test.describe(`storage suite: ${options.name}`, () => {
    let made: MadeStorage | null = null
    test.beforeAll(async () => {
      made = await options.make()
      await made.storage.migrate()
    })
    test.afterAll(async () => {
      await made?.close()
    })
    const context: SuiteContext = {
      test,
      storage: () => {
        if (made === null) throw new Error('The storage exists only while tests run.')
        return made.storage
      },
      passTime: (ms) => made?.passTime?.(ms) ?? new Promise((resolve) => setTimeout(resolve, ms + roundingMs)),
      capabilities: { listen: true, unstorableText: 'replaced', ...options.capabilities },
    }
    m365TenantTests(context)
    credentialTests(context)
    scanTests(context)
    resultTests(context)
    recordTests(context)
    leaseTests(context)
    turnTests(context)
    remoteRunTests(context)
    webhookTests(context)
    outboxTests(context)
    auditTests(context)
    idempotencyTests(context)
    planTests(context)
    isolationTests(context)
    pagingTests(context)
    valueTests(context)
    randomTests(context)
    modelTests(context, options)
    lifecycleTests(context, options)
    options.additionalTests?.(context)
  })
}
