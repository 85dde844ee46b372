import { createHash, hkdfSync } from 'node:crypto'
import { decrypt, encrypt } from '../secrets/aes-gcm.ts'
import { type TokenAnswer, tokenAnswerSchema } from './protocol.ts'

/**
 * An access token on its way to a remote run is sealed under a key made of the run's own key and the very question: whoever reads the answer in a
 * proxy's log, or plays the question again, cannot open it.
 */
export function sealTokenAnswer(params: { key: string; messageId: string; answer: TokenAnswer }): string {
  const { key, messageId, answer } = params
  const sealed = encrypt(answerKey(key, messageId), Buffer.from(JSON.stringify(answer), 'utf8'), associated(messageId))
  return Buffer.from(sealed).toString('base64')
}

/** Throws when the answer is not for this question, not under this key, or was changed. */
export function openTokenAnswer(params: { key: string; messageId: string; sealed: string }): TokenAnswer {
  const { key, messageId, sealed } = params
  const bytes = decrypt(answerKey(key, messageId), Buffer.from(sealed, 'base64'), associated(messageId))
  return tokenAnswerSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
}

function answerKey(key: string, messageId: string): Uint8Array {
  const secret = Buffer.from(key.slice('whsec_'.length), 'base64')
  const salt = createHash('sha256').update(messageId, 'utf8').digest()
  return new Uint8Array(hkdfSync('sha256', secret, salt, 'tenantscope token answer 1', 32))
}

function associated(messageId: string): Uint8Array {
  return Buffer.from(messageId, 'utf8')
}
