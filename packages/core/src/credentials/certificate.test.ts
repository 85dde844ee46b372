import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { selfSigned } from '../../test/certificate.ts'
import { readCertificate } from './certificate.ts'
import { derivationRounds, maxDerivationRounds } from './key-derivation.ts'

const folder = new URL('../../test/certificates/', import.meta.url)
const bytes = (name: string) => readFileSync(new URL(name, folder))
const base64 = (name: string) => bytes(name).toString('base64')
const now = new Date()

function refusal(text: string, password?: string) {
  try {
    readCertificate(text, password, now)
  } catch (error) {
    return error as { code: string; errors: { pointer: string; detail: string }[] }
  }
  return expect.fail('it was taken')
}

describe('S-13 a certificate, when it is stored', () => {
  it('is taken as PFX and as PEM', async () => {
    expect(readCertificate(base64('good.pfx'), 'synthetic', now)).toEqual({
      thumbprint: expect.stringMatching(/^[0-9A-F]{64}$/),
      expiresAt: new Date('2124-01-01T00:00:00Z'),
    })
    expect(readCertificate(await selfSigned(30), undefined, now).thumbprint).toHaveLength(64)
  })

  it.each([
    ['has ended', () => base64('ended.pfx'), 'synthetic', 'certificate', /ended on 2021-01-01/],
    ['is not valid yet', () => base64('not-yet.pfx'), 'synthetic', 'certificate', /valid only from 2120/],
    ['has a wrong password', () => base64('good.pfx'), 'wrong', 'certificatePassword', /does not open/],
    ['lacks its password', () => base64('good.pfx'), undefined, 'certificatePassword', /is missing/],
    ['has a key of 1024 bits', () => base64('rsa-1024.pfx'), 'synthetic', 'certificate', /2048 bits or more/],
    ['is not one', () => 'bm90IGEgcGZ4', undefined, 'certificate', /neither a PEM nor/],
    ['asks for absurd work', () => base64('slow.pfx'), 'synthetic', 'certificate', /rounds of key derivation/],
    [
      'asks for absurd work as PEM',
      () => bytes('slow.pem').toString(),
      'synthetic',
      'certificate',
      /rounds of key derivation/,
    ],
  ])('is refused when it %s', (_, text, password, field, words) => {
    const error = refusal(text(), password)
    expect(error).toMatchObject({ code: 'invalid_input', errors: [{ pointer: `/credential/${field}` }] })
    expect(error.errors[0]?.detail).toMatch(words)
    expect(JSON.stringify(error) + String(error)).not.toContain('synthetic')
  })

  it('is refused as PEM when it has ended, or its key is another one', async () => {
    const [one, two] = [await selfSigned(30), await selfSigned(30)]
    const certificateOf = (pem: string) => pem.slice(pem.indexOf('-----BEGIN CERTIFICATE'))
    const keyOf = (pem: string) => pem.slice(0, pem.indexOf('-----BEGIN CERTIFICATE'))
    for (const pem of [await selfSigned(-1), certificateOf(one), keyOf(one) + certificateOf(two)]) {
      expect(refusal(pem).errors).toMatchObject([{ pointer: '/credential/certificate' }])
    }
  })
})

describe('S-13 how much work a file asks for', () => {
  const element = (tag: number, ...content: (number | Buffer)[]) => {
    const body = Buffer.concat(content.map((part) => (typeof part === 'number' ? Buffer.from([part]) : part)))
    expect(body.length).toBeLessThan(128)
    return Buffer.concat([Buffer.from([tag, body.length]), body])
  }
  const salt = element(0x04, 1, 2, 3, 4, 5, 6, 7, 8)
  const number = (...content: number[]) => element(0x02, ...content)

  it('is what its exporter wrote', () => {
    // The MAC, the certificates and the key: 2048 rounds each.
    expect(derivationRounds(bytes('good.pfx'))).toBe(3 * 2048)
    expect(derivationRounds(bytes('slow.pfx'))).toBeGreaterThanOrEqual(3_000_000)
  })

  it.each([
    ['PBKDF2', element(0x30, salt, number(0x7f, 0xff, 0xff, 0xff))],
    ['PBKDF2 with the length of its key', element(0x30, salt, number(0x7f, 0xff, 0xff, 0xff), number(32))],
    ['scrypt', element(0x30, salt, number(0x40, 0), number(8), number(0x7f, 0xff))],
    ['a salt in pieces', element(0x30, element(0x24, salt), number(0x7f, 0xff, 0xff, 0xff))],
    ['rubbish at the end', Buffer.concat([element(0x30, salt, number(0x7f, 0xff, 0xff)), Buffer.from([0x30, 0x7f])])],
    [
      'an indefinite length',
      Buffer.concat([Buffer.from([0x30, 0x80]), salt, number(0x7f, 0xff, 0xff), Buffer.alloc(2)]),
    ],
    ['a long form of a short length', Buffer.from('30840000000d0403010203020600ffffffffff', 'hex')],
    ['a place deep inside', element(0x30, element(0x04, element(0xa0, element(0x30, salt, number(0x7f, 0xff, 0xff)))))],
  ])('is seen in %s', (_, der) => {
    expect(derivationRounds(der)).toBeGreaterThan(maxDerivationRounds)
  })

  it('is nothing without a salt, and too much where structures nest without end', () => {
    expect(derivationRounds(element(0x30, number(0x7f, 0xff, 0xff, 0xff), salt))).toBe(0)
    expect(derivationRounds(Buffer.alloc(0))).toBe(0)
    expect(derivationRounds(Buffer.alloc(200, Buffer.from([0x30, 0x80])))).toBe(Number.POSITIVE_INFINITY)
  })
})
