import type { SecretStore } from '@tenantscope/core'
import type { TestApi } from '../storage/context.ts'

export interface SecretStoreCapabilities {
  /** The largest secret that must be taken, in bytes of UTF-8. Default 64 KiB: a certificate with its chain and key. */
  largestSecret?: number
}

export interface SecretStoreSuiteOptions {
  name: string
  /** Called once. `foreign`: a store under keys that `store` does not have; its envelopes must not open. */
  make: () => Promise<{ store: SecretStore; foreign?: SecretStore; close?: () => Promise<void> }>
  test: TestApi
  capabilities?: SecretStoreCapabilities
  /** Registered inside the suite's describe, to share its store. */
  additionalTests?: (context: SecretStoreSuiteContext) => void
}

export interface SecretStoreSuiteContext {
  test: TestApi
  capabilities: Required<SecretStoreCapabilities>
  /** Only inside a test: there is none before. */
  store(): SecretStore
  foreign(): SecretStore | undefined
}
