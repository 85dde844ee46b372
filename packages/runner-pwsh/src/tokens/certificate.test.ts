import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readSigningCertificate } from './certificate.ts'

const folder = new URL('../../test/certificates/', import.meta.url)
const text = (name: string) => readFileSync(new URL(name, folder), 'utf8')
const base64 = (name: string) => readFileSync(new URL(name, folder)).toString('base64')
const thumbprint = new X509Certificate(text('cert.pem')).fingerprint256.replaceAll(':', '')

describe('reading a certificate', () => {
  test.each([
    ['a PEM', () => text('cert.pem') + text('key.pem'), undefined],
    ['a PEM with the key first', () => text('key.pem') + text('cert.pem'), undefined],
    ['a PEM with an encrypted key', () => text('cert.pem') + text('key-encrypted.pem'), 'synthetic'],
    ['a PFX with AES-256 (PBES2) and a SHA-256 MAC', () => base64('modern.pfx'), 'synthetic'],
    ['a PFX with 3DES and RC2, as Windows makes it', () => base64('legacy.pfx'), 'synthetic'],
    ['a PFX with an empty password', () => base64('nopassword.pfx'), undefined],
  ])('%s', async (_, source, password) => {
    const read = await readSigningCertificate(source(), password)
    expect(read.thumbprintSha256).toBe(thumbprint)
    expect(read.privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----/)
  })

  test.each([
    ['a wrong password of a PFX', () => base64('modern.pfx'), 'wrong', /PFX that the password opens/],
    [
      'a wrong password of a key',
      () => text('cert.pem') + text('key-encrypted.pem'),
      'wrong',
      /password must open the key/,
    ],
    ['a certificate without a key', () => text('cert.pem'), undefined, /private key/],
    ['text that is neither', () => 'hello', undefined, /neither a PEM nor/],
    ['an EC key', () => base64('ec.pfx'), 'synthetic', /RSA/],
  ])('%s is refused in words that hold nothing of it', async (_, source, password, words) => {
    const error = await readSigningCertificate(source(), password).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'CertificateError', message: expect.stringMatching(words) })
    expect(String(error)).not.toContain('synthetic')
  })
})
