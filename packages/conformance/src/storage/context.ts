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

export interface StorageSuiteOptions {
  name: string
  /** Called once. The storage need not be empty: the suite works under platform tenants of its own. */
  make: () => Promise<{ storage: Storage; close: () => Promise<void> }>
  test: TestApi
  capabilities?: StorageCapabilities
  /** Registered inside the suite's describe, to share its storage. */
  additionalTests?: (context: SuiteContext) => void
}

export interface SuiteContext {
  test: TestApi
  /** Only inside a test: there is none before. */
  storage(): Storage
  capabilities: Required<StorageCapabilities>
}
