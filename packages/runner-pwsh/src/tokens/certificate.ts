import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'

/** What signing in with a certificate takes. */
export interface SigningCertificate {
  /** PKCS #8 PEM, not encrypted: memory only. */
  privateKey: string
  /** Hex. */
  thumbprintSha256: string
}

/** The certificate cannot be used; the message says why and holds nothing of it. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError'
}

/** Reads a PEM with certificate and private key, or the base64 of a PFX. Throws CertificateError. */
export async function readSigningCertificate(text: string, password: string | undefined): Promise<SigningCertificate> {
  const { certificates, key } = text.includes('-----BEGIN') ? readPem(text, password) : await readPfx(text, password)
  if (key.asymmetricKeyType !== 'rsa')
    throw new CertificateError('Its key is not an RSA key, which Entra ID requires. Make one with RSA 2048 or more.')
  const own = certificates.find((certificate) => certificate.checkPrivateKey(key))
  if (!own) throw new CertificateError('Its private key belongs to another certificate. Export both together.')
  return {
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    thumbprintSha256: own.fingerprint256.replaceAll(':', ''),
  }
}

interface Parts {
  certificates: X509Certificate[]
  key: KeyObject
}

function readPem(text: string, password: string | undefined): Parts {
  try {
    const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
    const certificates = blocks.map((block) => new X509Certificate(block))
    return {
      certificates,
      key: createPrivateKey({ key: text, format: 'pem', ...(password !== undefined && { passphrase: password }) }),
    }
  } catch {
    throw new CertificateError(
      'It is not a usable PEM: it must hold the certificate and its private key, and the password must open the key.',
    )
  }
}

/**
 * Node opens a PFX for TLS only and does not give its key away. node-forge reads both the old encryption that Windows still exports by default (3DES, RC2) and the
 * present one (PBES2 with AES). It is loaded for a PFX alone.
 */
async function readPfx(text: string, password: string | undefined): Promise<Parts> {
  const { default: forge } = await import('node-forge')
  try {
    const bytes = Buffer.from(text, 'base64').toString('binary')
    const pfx = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(bytes), false, password ?? '')
    const bags = pfx.safeContents.flatMap((content) => content.safeBags)
    const certificates = bags
      .filter((bag) => bag.type === forge.pki.oids.certBag)
      .map((bag) => new X509Certificate(derOf(forge, bag)))
    const keyBag = bags.find(
      (bag) => bag.type === forge.pki.oids.pkcs8ShroudedKeyBag || bag.type === forge.pki.oids.keyBag,
    )
    if (!keyBag) throw new CertificateError('It holds no private key. Export it with its key.')
    const key = keyBag.key
      ? createPrivateKey(forge.pki.privateKeyToPem(keyBag.key))
      : createPrivateKey({
          key: Buffer.from(forge.asn1.toDer(keyBag.asn1).getBytes(), 'binary'),
          format: 'der',
          type: 'pkcs8',
        })
    return { certificates, key }
  } catch (error) {
    if (error instanceof CertificateError) throw error
    throw new CertificateError('It is neither a PEM nor the base64 of a PFX that the password opens.')
  }
}

type Forge = typeof import('node-forge')

/** forge understands RSA certificates only and leaves others as ASN.1. */
function derOf(forge: Forge, bag: import('node-forge').pkcs12.Bag): Buffer {
  const asn1 = bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary')
}
