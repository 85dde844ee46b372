import assert from 'node:assert/strict'
import type { SealedSecret } from '@tenantscope/core'
import type { SecretStoreSuiteContext } from './context.ts'
import { mustNotOpen, sampleContext, sampleSecret } from './samples.ts'

/** Far more than any store's limit: it must be refused by its size. */
const hugeBytes = 4 * 1024 * 1024

export function tamperingTests({ test: { describe, it }, store, foreign }: SecretStoreSuiteContext): void {
  const seal = () => store().seal({ plaintext: sampleSecret, context: sampleContext })
  const withBytes = (sealed: SealedSecret, bytes: Uint8Array): SealedSecret => ({
    ...sealed,
    envelope: Buffer.from(bytes).toString('base64'),
  })

  describe('what was changed', () => {
    it('S-04 does not open when any single bit is another', async () => {
      const sealed = await seal()
      const bytes = Buffer.from(sealed.envelope, 'base64')
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const changed = Buffer.from(bytes)
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        await mustNotOpen(store(), { sealed: withBytes(sealed, changed) })
      }
    })

    it('S-03 does not open when it was cut, at either end, or extended', async () => {
      const sealed = await seal()
      const bytes = Buffer.from(sealed.envelope, 'base64')
      for (let length = 0; length < bytes.length; length += 1) {
        await mustNotOpen(store(), { sealed: withBytes(sealed, bytes.subarray(0, length)) })
      }
      await mustNotOpen(store(), { sealed: withBytes(sealed, bytes.subarray(1)) })
      for (const more of [1, 4, 16]) {
        await mustNotOpen(store(), { sealed: withBytes(sealed, Buffer.concat([bytes, Buffer.alloc(more)])) })
        await mustNotOpen(store(), { sealed: withBytes(sealed, Buffer.concat([Buffer.alloc(more), bytes])) })
      }
    })

    it('does not open when it was put together from two', async () => {
      const [one, two] = [await seal(), await seal()]
      const [first, second] = [Buffer.from(one.envelope, 'base64'), Buffer.from(two.envelope, 'base64')]
      assert.equal(first.length, second.length)
      for (let cut = 1; cut < first.length; cut += 1) {
        const mixed = Buffer.concat([first.subarray(0, cut), second.subarray(cut)])
        // Where both have the same beginning or end, the mixture is one of the two.
        if (mixed.equals(first) || mixed.equals(second)) continue
        await mustNotOpen(store(), { sealed: withBytes(one, mixed) })
      }
    })

    it('does not open what never was an envelope', async () => {
      const sealed = await seal()
      const texts = ['', '=', 'AA==', 'not base64!', '\u0000', '{}', 'A'.repeat(400), sealed.envelope.toLowerCase()]
      // The same bytes in another spelling are another text.
      texts.push(`${sealed.envelope}\n`, ` ${sealed.envelope}`, sealed.envelope.replaceAll('+', '-').concat('*'))
      for (const envelope of texts) await mustNotOpen(store(), { sealed: { ...sealed, envelope } })
    })

    it('S-09 does not open what is far too large', async () => {
      const sealed = await seal()
      const envelope = Buffer.concat([Buffer.from(sealed.envelope, 'base64'), Buffer.alloc(hugeBytes)])
      await mustNotOpen(store(), { sealed: withBytes(sealed, envelope) })
      await mustNotOpen(store(), { sealed: { ...sealed, envelope: 'A'.repeat(hugeBytes) } })
    })

    it('refuses a secret that is too large, or keeps it whole', async () => {
      const plaintext = 'x'.repeat(hugeBytes)
      const sealed = await store()
        .seal({ plaintext, context: sampleContext })
        .catch((error: { code?: unknown }) => error.code)
      if (sealed === 'invalid_input') return
      assert.equal(await store().open({ sealed: sealed as SealedSecret, context: sampleContext }), plaintext)
    })

    it('does not open what was sealed under keys that it does not have', async () => {
      const other = foreign()
      if (other === undefined) return
      const sealed = await other.seal({ plaintext: sampleSecret, context: sampleContext })
      await mustNotOpen(store(), { sealed })
      const own = await seal()
      // Saying that it is one's own key does not make it so.
      await mustNotOpen(store(), { sealed: { ...sealed, keyId: own.keyId, keyVersion: own.keyVersion } })
    })
  })
}
