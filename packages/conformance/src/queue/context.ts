import type { Queue } from '@tenantscope/core'
import type { TestApi } from '../storage/context.ts'

/** What is true of a queue. The suite tests what is declared, and leaves out what a queue says it does not have. */
export interface QueueCapabilities {
  /** Default true: `deliver` gets an object of its own each time. */
  copies?: boolean
  /** Default false: `open` gives further queues on the same entries, as another process would have. */
  shared?: boolean
  /** Default false: waiting entries outlive `close`. Only with `shared`. */
  durable?: boolean
  /** Default false: what a dead consumer held is delivered again. Only with `shared`; needs `openDoomed`. */
  redelivers?: boolean
}

/** One queue with entries of its own, empty at first. */
export interface MadeQueue {
  queue: Queue
  /** Another queue on the same entries. Closed by the suite. */
  open?: () => Promise<Queue>
  /** A consumer, best in a process of its own, that takes one entry, never ends it, and dies without a word. */
  openDoomed?: () => Promise<DoomedConsumer>
  /** After the queues were closed: removes what was made for this test. */
  close: () => Promise<void>
}

export interface DoomedConsumer {
  /** Resolves with the scan id of the entry that it took. */
  took: Promise<string>
  die: () => Promise<void>
}

export interface QueueSuiteOptions {
  name: string
  /** Called for each test. */
  make: () => Promise<MadeQueue>
  test: TestApi
  capabilities?: QueueCapabilities
  /** Registered inside the suite's describe. */
  additionalTests?: (context: QueueSuiteContext) => void
}

export interface QueueSuiteContext {
  test: TestApi
  capabilities: Required<QueueCapabilities>
  /** Defines a test with a queue of its own, closed afterwards whatever happens. */
  itWithQueue(name: string, run: (made: OpenQueues) => Promise<void>): void
}

export interface OpenQueues {
  queue: Queue
  /** Fails when the queue has no `open`. */
  another: () => Promise<Queue>
  doomed: () => Promise<DoomedConsumer>
}
