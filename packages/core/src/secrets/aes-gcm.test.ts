import { createDecipheriv } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decrypt } from './aes-gcm.ts'

interface Vector {
  id: string
  key: Buffer
  iv: Buffer
  aad: Buffer
  message: string
  sealed: Buffer
}

/** Wycheproof's AES-GCM vectors with a key of 256, an IV of 96 and a tag of 128 bits, by their numbers there; and a few with an IV of 128 bits. */
const vectors = JSON.parse(readFileSync(new URL('aes-gcm-vectors.json', import.meta.url), 'utf8')) as Record<
  'accepted' | 'rejected' | 'otherIvSize',
  string[]
>

function read(line: string): Vector {
  const [id = '', key, iv, aad, message, ciphertext, tag] = line
    .split(' ')
    .map((text, i) => (i > 0 && text === '-' ? '' : text))
  const bytes = (text = '') => Buffer.from(text, 'hex')
  return {
    id,
    key: bytes(key),
    iv: bytes(iv),
    aad: bytes(aad),
    message: message ?? '',
    sealed: Buffer.concat([bytes(iv), bytes(ciphertext), bytes(tag)]),
  }
}

const hexOf = ({ key, sealed, aad }: Vector) => Buffer.from(decrypt(key, sealed, aad)).toString('hex')

describe('S-08 AES-256-GCM against the Wycheproof vectors', () => {
  it('F-42: has all 66, of which 39 are good', () => {
    expect([vectors.accepted.length, vectors.rejected.length]).toEqual([39, 27])
    const ids = [...vectors.accepted, ...vectors.rejected].map((line) => Number(read(line).id))
    expect(ids).toEqual(Array.from({ length: 66 }, (_, i) => 91 + i))
  })

  it.each(vectors.accepted.map(read))('opens vector $id', (vector) => {
    expect(vector.key).toHaveLength(32)
    expect(vector.iv).toHaveLength(12)
    expect(hexOf(vector)).toBe(vector.message)
  })

  it.each(vectors.rejected.map(read))('refuses vector $id', (vector) => {
    expect(() => hexOf(vector)).toThrow()
  })

  it.each(vectors.otherIvSize.map(read))('refuses vector $id, whose IV has another size', (vector) => {
    // The vector is good: whoever takes an IV of any size opens it.
    const decipher = createDecipheriv('aes-256-gcm', vector.key, vector.iv, { authTagLength: 16 })
    decipher.setAAD(vector.aad).setAuthTag(vector.sealed.subarray(-16))
    const opened = Buffer.concat([decipher.update(vector.sealed.subarray(16, -16)), decipher.final()])
    expect(opened.toString('hex')).toBe(vector.message)
    expect(() => hexOf(vector)).toThrow()
  })

  it('S-03: takes no tag of another length', () => {
    const [first = ''] = vectors.accepted
    const { key, aad, sealed } = read(first)
    for (const length of [0, 4, 8, 12, 15]) {
      expect(() => decrypt(key, sealed.subarray(0, sealed.length - 16 + length), aad), `${length} bytes`).toThrow()
    }
    expect(() => decrypt(key, Buffer.concat([sealed, Buffer.alloc(1)]), aad)).toThrow()
  })
})
