import assert from 'node:assert/strict'
import type { Queue } from '@tenantscope/core'
import { closeTests } from './close.ts'
import type { DoomedConsumer, MadeQueue, OpenQueues, QueueSuiteContext, QueueSuiteOptions } from './context.ts'
import { deliveryTests } from './delivery.ts'
import { laterTests } from './later.ts'
import { removeTests } from './remove.ts'
import { sharedTests } from './shared.ts'

/** What every Queue must do. Registers its tests with the runner that is handed in; each test gets a queue of its own from `make`. */
export function queueSuite(options: QueueSuiteOptions): void {
  const { test } = options
  const context: QueueSuiteContext = {
    test,
    capabilities: { copies: true, shared: false, durable: false, redelivers: false, ...options.capabilities },
    itWithQueue: (name, run) => {
      test.it(name, () => withQueues(options.make, run))
    },
  }
  test.describe(`queue suite: ${options.name}`, () => {
    deliveryTests(context)
    laterTests(context)
    removeTests(context)
    closeTests(context)
    if (context.capabilities.shared) sharedTests(context)
    options.additionalTests?.(context)
  })
}

async function withQueues(make: () => Promise<MadeQueue>, run: (made: OpenQueues) => Promise<void>): Promise<void> {
  const made = await make()
  const opened: Queue[] = [made.queue]
  const doomed: DoomedConsumer[] = []
  try {
    await run({
      queue: made.queue,
      another: async () => {
        assert.ok(made.open, 'the queue is declared as shared, and make gave no open')
        const queue = await made.open()
        opened.push(queue)
        return queue
      },
      doomed: async () => {
        assert.ok(made.openDoomed, 'the queue is declared to redeliver, and make gave no openDoomed')
        const consumer = await made.openDoomed()
        doomed.push(consumer)
        return consumer
      },
    })
  } finally {
    await Promise.allSettled(doomed.map((consumer) => consumer.die()))
    await Promise.allSettled(opened.map((queue) => queue.close()))
    await made.close()
  }
}
