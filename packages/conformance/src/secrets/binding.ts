import assert from 'node:assert/strict'
import type { SecretContext } from '@tenantscope/core'
import type { SecretStoreSuiteContext } from './context.ts'
import { mustNotOpen, sampleContext, sampleSecret } from './samples.ts'

export function bindingTests({ test: { describe, it }, store }: SecretStoreSuiteContext): void {
  /** Sealed under the first, it must not open under the second, nor the other way round. */
  const apart = async (one: SecretContext, two: SecretContext) => {
    for (const [sealedUnder, openedUnder] of [
      [one, two],
      [two, one],
    ] as const) {
      const sealed = await store().seal({ plaintext: sampleSecret, context: sealedUnder })
      assert.equal(await store().open({ sealed, context: sealedUnder }), sampleSecret)
      await mustNotOpen(store(), { sealed, context: openedUnder })
    }
  }

  describe('S-05 what was moved', () => {
    for (const field of ['platformTenantId', 'm365TenantId', 'credentialId', 'field'] as const) {
      it(`does not open under another ${field}`, async () => {
        await apart(sampleContext, { ...sampleContext, [field]: 'another' })
        await apart(sampleContext, { ...sampleContext, [field]: '' })
        await apart(sampleContext, { ...sampleContext, [field]: `${sampleContext[field]} ` })
        await apart(sampleContext, { ...sampleContext, [field]: sampleContext[field].toUpperCase() })
      })
    }

    it('does not open where the parts are the same letters, cut elsewhere', async () => {
      const parts = (platformTenantId: string, m365TenantId: string, credentialId: string, field: string) => ({
        platformTenantId,
        m365TenantId,
        credentialId,
        field,
      })
      await apart(parts('ab', 'c', 'd', 'e'), parts('a', 'bc', 'd', 'e'))
      await apart(parts('a', 'bc', 'd', 'e'), parts('a', 'b', 'cd', 'e'))
      await apart(parts('a', 'b', 'cd', 'e'), parts('a', 'b', 'c', 'de'))
      await apart(parts('abcd', '', '', ''), parts('', '', '', 'abcd'))
      await apart(parts('a|b', 'c', 'd', 'e'), parts('a', 'b|c', 'd', 'e'))
      await apart(parts('a\u0000b', '', 'd', 'e'), parts('a', 'b', 'd', 'e'))
      await apart(parts('a', 'b', 'd', 'e'), parts('b', 'a', 'd', 'e'))
    })

    it('does not mistake letters for others that look like them', async () => {
      await apart({ ...sampleContext, platformTenantId: 'é' }, { ...sampleContext, platformTenantId: 'e\u0301' })
    })
  })
}
