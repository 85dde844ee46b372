import { envelopeSecretStore, vaultTransitKeys } from '@tenantscope/core'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { startVaultStub } from '../../core/test/vault-stub.ts'
import { secretStoreSuite } from '../src/index.ts'

secretStoreSuite({
  name: 'envelope, keys in Vault',
  test: { describe, it, beforeAll, afterAll },
  make: async () => {
    const [vault, other] = await Promise.all([startVaultStub(), startVaultStub()])
    const storeOf = ({ url, token }: typeof vault) =>
      envelopeSecretStore({ keys: vaultTransitKeys({ url, key: 'main', token: async () => token }) })
    return {
      store: storeOf(vault),
      foreign: storeOf(other),
      close: async () => {
        await Promise.all([vault.close(), other.close()])
      },
    }
  },
})
