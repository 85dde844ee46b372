import { type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { InvalidInputError } from '../errors/errors.ts'
import { derivationRounds, maxDerivationRounds } from './key-derivation.ts'

/** What may be stored and shown of a certificate in the clear. */
export interface CertificateFacts {
  /** SHA-256, upper-case hex without colons. */
  thumbprint: string
  expiresAt: Date
}

const smallestModulus = 2048

/**
 * Reads a PEM with certificate and private key, or the base64 of a PFX, and makes sure that it can sign in now. Throws InvalidInputError with a pointer to
 * `certificate` or `certificatePassword`: found out when it is stored, not hours later at the first scan.
 */
export function readCertificate(text: string, password: string | undefined, at: Date): CertificateFacts {
  const certificate = text.includes('-----BEGIN') ? fromPem(text, password) : fromPfx(text, password)
  checkKey(certificate.publicKey)
  if (certificate.validToDate.getTime() <= at.getTime()) {
    throw refused('certificate', `ended on ${certificate.validToDate.toISOString()}; store a valid one`)
  }
  if (certificate.validFromDate.getTime() > at.getTime()) {
    throw refused('certificate', `is valid only from ${certificate.validFromDate.toISOString()}`)
  }
  return { thumbprint: certificate.fingerprint256.replaceAll(':', ''), expiresAt: certificate.validToDate }
}

function checkKey(key: KeyObject): void {
  if (key.asymmetricKeyType !== 'rsa')
    throw refused('certificate', 'has no RSA key, which Entra ID requires; make one with RSA of 2048 bits or more')
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < smallestModulus) throw tooSmall(`of ${bits} bits`)
}

function fromPem(text: string, password: string | undefined): X509Certificate {
  if (!/-----BEGIN (?:ENCRYPTED |RSA |EC )?PRIVATE KEY-----/.test(text)) {
    throw refused('certificate', 'has no private key; a PEM must hold the certificate and its key')
  }
  for (const [, body = ''] of text.matchAll(/-----BEGIN ENCRYPTED PRIVATE KEY-----([^-]*)-----END/g)) {
    checkCost(Buffer.from(body, 'base64'))
  }
  try {
    const certificate = new X509Certificate(text)
    // Before the key is loaded: a small one may be refused there in other words.
    checkKey(certificate.publicKey)
    // Loads both and checks that the key belongs to the certificate.
    createSecureContext({ cert: text, key: text, ...(password === undefined ? {} : { passphrase: password }) })
    return certificate
  } catch (error) {
    throw (
      explained(error, password, 'key') ??
      refused('certificate', 'is not a usable PEM: it must hold a certificate and the private key that belongs to it')
    )
  }
}

function fromPfx(text: string, password: string | undefined): X509Certificate {
  const bytes = Buffer.from(text, 'base64')
  checkCost(bytes)
  try {
    const context = createSecureContext({ pfx: bytes, ...(password === undefined ? {} : { passphrase: password }) })
    // Node has no public way to look into a PFX; the context that TLS would use has the certificate's bytes.
    const der = (context.context as { getCertificate?: () => Buffer | null }).getCertificate?.()
    if (!der) throw new Error('no certificate')
    return new X509Certificate(der)
  } catch (error) {
    throw (
      explained(error, password, 'PFX') ??
      refused('certificate', 'is neither a PEM nor the base64 of a PFX with certificate and private key')
    )
  }
}

function checkCost(der: Uint8Array): void {
  if (derivationRounds(der) <= maxDerivationRounds) return
  throw refused(
    'certificate',
    `asks for more than ${maxDerivationRounds.toLocaleString('en')} rounds of key derivation; export it again with fewer`,
  )
}

/** What OpenSSL says, as far as it is known, in words that help; null for what is not known. */
function explained(error: unknown, password: string | undefined, what: 'key' | 'PFX'): InvalidInputError | null {
  if (error instanceof InvalidInputError) return error
  const { code = '', message = '' } = error as { code?: string; message?: string }
  const said = `${code} ${message}`
  if (/mac verify|bad.decrypt|BAD_PASSWORD|NO_START_LINE.*ENCRYPTED/i.test(said)) {
    return refused(
      'certificatePassword',
      password === undefined ? `is missing: the ${what} is encrypted` : `does not open the ${what}`,
    )
  }
  if (/too.small/i.test(said)) return tooSmall('that is too short')
  if (/UNSUPPORTED/i.test(said))
    return refused('certificate', 'is a PFX of outdated encryption (RC2, 3DES); export it again with AES-256')
  return null
}

function tooSmall(which: string): InvalidInputError {
  return refused('certificate', `has an RSA key ${which}; make one of ${smallestModulus} bits or more`)
}

function refused(field: 'certificate' | 'certificatePassword', detail: string): InvalidInputError {
  return new InvalidInputError([{ pointer: `/credential/${field}`, detail: `${detail}.` }])
}
