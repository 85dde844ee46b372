import { webcrypto } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import * as x509 from '@peculiar/x509'

const day = 24 * 60 * 60 * 1000
const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

function serialNumber(): string {
  // A leading zero bit keeps the number positive, as certificates want it.
  const number = webcrypto.getRandomValues(new Uint8Array(16))
  number[0] = (number[0] ?? 0) & 0x7f
  return Buffer.from(number).toString('hex')
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64')
  return `-----BEGIN PRIVATE KEY-----\n${(der.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`
}

/** A certificate authority that lives as long as the simulator. Its key never leaves the process. */
export class CertificateAuthority {
  readonly pem: string
  readonly #certificate: x509.X509Certificate
  readonly #keys: webcrypto.CryptoKeyPair
  readonly #contexts = new Map<string, Promise<SecureContext>>()

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#certificate = certificate
    this.#keys = keys
    this.pem = `${certificate.toString('pem')}\n`
  }

  static async create(): Promise<CertificateAuthority> {
    x509.cryptoProvider.set(webcrypto)
    const keys = (await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name: 'CN=Microsoft 365 simulator test authority',
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + 30 * day),
      signingAlgorithm: signing,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    })
    return new CertificateAuthority(certificate, keys)
  }

  /** The certificate of one host, made when it is first asked for. */
  contextFor(host: string): Promise<SecureContext> {
    const known = this.#contexts.get(host)
    if (known !== undefined) return known
    const made = this.#issue(host)
    this.#contexts.set(host, made)
    return made
  }

  async #issue(host: string): Promise<SecureContext> {
    const keys = (await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: `CN=${host.slice(0, 64)}`,
      issuer: this.#certificate.subject,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + 29 * day),
      signingAlgorithm: signing,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(this.#keys.publicKey),
      ],
    })
    return createSecureContext({
      key: await privateKeyPem(keys.privateKey),
      cert: `${certificate.toString('pem')}\n${this.pem}`,
    })
  }
}
