import type { Storage } from '@tenantscope/core'

/** What the suite needs of a test runner: vitest, jest and node:test all have it. */
export interface TestApi {
  describe(name: string, define: () => void): unknown
  it(name: string, run: () => Promise<void>): unknown
  beforeAll(run: () => Promise<void>): unknown
  afterAll(run: () => Promise<void>): unknown
}

/** What is true of a backend. The suite tests what is declared, and leaves out what a backend says it does not have. */
export interface StorageCapabilities {
  /** Default true: `listen` is there and tells of growth in this process. */
  listen?: boolean
  /**
   * U+0000 and half surrogate pairs in text: `replaced` by U+FFFD (default) or `kept` as they are. Never may they cost a row.
   */
  unstorableText?: 'replaced' | 'kept'
}

export interface MadeStorage {
  storage: Storage
  close: () => Promise<void>
  /** Moves the clock of leases, where that is the test's to move. Without it the suite waits. */
  passTime?: (ms: number) => Promise<void>
}

export interface StorageSuiteOptions {
  name: string
  /** Called once. The storage need not be empty: the suite works under platform tenants of its own. */
  make: () => Promise<MadeStorage>
  test: TestApi
  capabilities?: StorageCapabilities
  /**
   * How many random sequences of calls are compared with the model. Default 50: a sequence is about a hundred calls. The environment variable
   * TENANTSCOPE_MODEL_RUNS overrules it, TENANTSCOPE_MODEL_SEED makes it play the sequences of an earlier run again.
   */
  modelRuns?: number
  /** Registered inside the suite's describe, to share its storage. */
  additionalTests?: (context: SuiteContext) => void
}

export interface SuiteContext {
  test: TestApi
  /** Only inside a test: there is none before. */
  storage(): Storage
  /** Until a lease of this length is over. */
  passTime(ms: number): Promise<void>
  capabilities: Required<StorageCapabilities>
}
