import assert from 'node:assert/strict'
import type { SecretStoreSuiteContext } from './context.ts'
import { sampleContext, sampleSecret } from './samples.ts'

export function sealingTests({ test: { describe, it }, store, capabilities }: SecretStoreSuiteContext): void {
  describe('seal and open', () => {
    const secrets: [string, string][] = [
      ['an empty secret', ''],
      ['one letter', 'a'],
      ['a client secret', sampleSecret],
      ['letters of all kinds, emoji, NUL and line feeds', 'pä$$wörd 🔑 \u0000\r\n"\\\u2028 日本語'],
      ['a text that looks like base64', Buffer.from('a certificate').toString('base64')],
      ['the largest', 'x'.repeat(capabilities.largestSecret)],
      ['the largest, of letters that take more bytes', 'ü'.repeat(Math.floor(capabilities.largestSecret / 2))],
    ]
    for (const [what, plaintext] of secrets) {
      it(`S-01 gives back ${what}`, async () => {
        const sealed = await store().seal({ plaintext, context: sampleContext })
        assert.equal(await store().open({ sealed, context: sampleContext }), plaintext)
        // Opening spends nothing.
        assert.equal(await store().open({ sealed, context: { ...sampleContext } }), plaintext)
      })
    }

    it('names the key, and gives the envelope as base64', async () => {
      const sealed = await store().seal({ plaintext: sampleSecret, context: sampleContext })
      assert.deepEqual(Object.keys(sealed).sort(), ['envelope', 'keyId', 'keyVersion'])
      assert.match(sealed.keyId, /^.{1,200}$/)
      assert.ok(Number.isInteger(sealed.keyVersion) && sealed.keyVersion >= 1)
      assert.equal(Buffer.from(sealed.envelope, 'base64').toString('base64'), sealed.envelope)
    })

    it('shows nothing of the secret in the envelope', async () => {
      const sealed = await store().seal({ plaintext: sampleSecret, context: sampleContext })
      const bytes = Buffer.from(sealed.envelope, 'base64')
      const shown = [JSON.stringify(sealed), bytes.toString('latin1'), bytes.toString('hex')].join()
      for (const encoding of ['utf8', 'hex', 'base64', 'utf16le'] as const) {
        const encoded = Buffer.from(sampleSecret)
        const text =
          encoding === 'utf16le' ? Buffer.from(sampleSecret, encoding).toString('latin1') : encoded.toString(encoding)
        assert.ok(!shown.includes(text.replace(/=+$/, '')), `the secret shows as ${encoding}`)
      }
    })

    it('S-02 never seals twice the same way', async () => {
      const all = await Promise.all(
        Array.from({ length: 500 }, () => store().seal({ plaintext: 'same', context: sampleContext })),
      )
      assert.equal(new Set(all.map(({ envelope }) => envelope)).size, all.length)
      // No piece of 12 bytes, the size of a nonce, may stand in two of them beyond what the head has in common.
      const tails = all.map(({ envelope }) => Buffer.from(envelope, 'base64').subarray(-32, -16).toString('hex'))
      assert.equal(new Set(tails).size, all.length)
    })

    it('keeps many calls at once apart', async () => {
      const contexts = Array.from({ length: 100 }, (_, i) => ({ ...sampleContext, credentialId: `credential ${i}` }))
      const opened = await Promise.all(
        contexts.map(async (context, i) => {
          const sealed = await store().seal({ plaintext: `secret ${i}`, context })
          return store().open({ sealed, context })
        }),
      )
      assert.deepEqual(
        opened,
        contexts.map((_, i) => `secret ${i}`),
      )
    })

    it('leaves what it is given alone', async () => {
      const context = Object.freeze({ ...sampleContext })
      const sealed = Object.freeze(await store().seal({ plaintext: sampleSecret, context }))
      assert.equal(await store().open({ sealed, context }), sampleSecret)
    })
  })
}
