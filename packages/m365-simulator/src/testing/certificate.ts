import { createHash, generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'

export interface TestCertificate {
  /** Public part, for the tenant document. */
  pem: string
  privateKeyPem: string
  /** Upper-case hexadecimal, as certificate tools show it. */
  sha1: string
  sha256: string
}

const signing = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }

/** A self-signed RSA certificate as an operator would upload it to an app registration. */
export async function testCertificate(name = 'scanner'): Promise<TestCertificate> {
  x509.cryptoProvider.set(webcrypto)
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const privateKeyPem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const privateKey = await webcrypto.subtle.importKey(
    'pkcs8',
    pair.privateKey.export({ type: 'pkcs8', format: 'der' }),
    signing,
    true,
    ['sign'],
  )
  const publicKey = await webcrypto.subtle.importKey(
    'spki',
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    signing,
    true,
    ['verify'],
  )
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000),
    signingAlgorithm: signing,
    keys: { privateKey, publicKey },
  })
  const pem = certificate.toString('pem')
  const { raw } = new X509Certificate(pem)
  const thumbprint = (algorithm: string) => createHash(algorithm).update(raw).digest('hex').toUpperCase()
  return { pem, privateKeyPem, sha1: thumbprint('sha1'), sha256: thumbprint('sha256') }
}
