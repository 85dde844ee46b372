import { randomBytes } from 'node:crypto'
import { envelopeSecretStore, staticKeys } from '@tenantscope/core'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { secretStoreSuite } from '../src/index.ts'

const newStore = () => envelopeSecretStore({ keys: staticKeys([{ id: 'k', version: 1, key: randomBytes(32) }]) })

secretStoreSuite({
  name: 'envelope',
  test: { describe, it, beforeAll, afterAll },
  make: async () => ({ store: newStore(), foreign: newStore() }),
})
