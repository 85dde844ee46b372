import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { envelopeSecretStore, staticKeys } from '@tenantscope/core'
import { interleaved, line, timed } from './measure.ts'

/**
 * F-15: sealing and opening a secret of 1 KB beside the same done with one bare AES-256-GCM. Envelope work is more by nature: a data key of its own for each secret
 * and its wrapping, so two encryptions for one, and the envelope is base64 while the bare cipher stays with bytes. Nothing is cached between secrets. The figure is
 * operations per second beside those of the bare cipher; 1 is equal.
 */
export async function sealSpeed(pairs: number): Promise<void> {
  const rounds = 4_000
  const text = randomBytes(512).toString('hex')
  const context = { platformTenantId: 'msp', m365TenantId: 'm', credentialId: 'c', field: 'client_secret' }
  const store = envelopeSecretStore({ keys: staticKeys([{ id: 'k', version: 1, key: randomBytes(32) }]) })
  const key = randomBytes(32)
  const aad = Buffer.from(JSON.stringify(context))

  const ours = () =>
    timed(async () => {
      for (let i = 0; i < rounds; i++) {
        const sealed = await store.seal({ plaintext: text, context })
        if ((await store.open({ sealed, context })) !== text) throw new Error('It opened to something else.')
      }
    })
  const bare = () =>
    timed(() => {
      for (let i = 0; i < rounds; i++)
        if (openBare(key, aad, sealBare(key, aad, text)) !== text) throw new Error('other')
    })
  // Once before, so that neither is measured while it is compiled.
  await ours()
  await bare()
  const { a, b, ratio } = await interleaved(pairs, bare, ours)
  const rate = (ms: number) => `${Math.round(rounds / (ms / 1_000))}/s`
  line('F-15 seal and open 1 KB, beside a bare cipher', ratio, { atLeast: 0.4 }, `envelope ${rate(b)}, bare ${rate(a)}`)
}

function sealBare(key: Buffer, aad: Buffer, text: string): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  cipher.setAAD(aad)
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

function openBare(key: Buffer, aad: Buffer, sealed: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 })
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString('utf8')
}
