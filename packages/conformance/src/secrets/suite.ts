import { bindingTests } from './binding.ts'
import type { SecretStoreSuiteContext, SecretStoreSuiteOptions } from './context.ts'
import { sealingTests } from './sealing.ts'
import { tamperingTests } from './tampering.ts'

/** What every SecretStore must do. Registers its tests with the runner that is handed in; `make` is called once. */
export function secretStoreSuite(options: SecretStoreSuiteOptions): void {
  const { test } = options
  test.describe(`secret store suite: ${options.name}`, () => {
    let made: Awaited<ReturnType<SecretStoreSuiteOptions['make']>> | null = null
    test.beforeAll(async () => {
      made = await options.make()
    })
    test.afterAll(async () => {
      await made?.close?.()
    })
    const must = () => {
      if (made === null) throw new Error('The store exists only while tests run.')
      return made
    }
    const context: SecretStoreSuiteContext = {
      test,
      capabilities: { largestSecret: 64 * 1024, ...options.capabilities },
      store: () => must().store,
      foreign: () => must().foreign,
    }
    sealingTests(context)
    tamperingTests(context)
    bindingTests(context)
    options.additionalTests?.(context)
  })
}
