/**
 * Encrypted keys and PFX files say themselves how much work their password is to cost: a file of a few hundred bytes can ask for hours, in native code that nothing
 * interrupts. So the file is read, without a password, for what it asks before anything is computed.
 */

/** Exporters use 2,000 to 600,000; all derivations of a file together must stay below this. Some hundred milliseconds. */
export const maxDerivationRounds = 1_000_000

/** scrypt's N × r × p is counted in these; one takes about as long as a round of PBKDF2. */
const scryptUnit = 8

/**
 * How many rounds of key derivation the DER asks for where that can be read without the password, added up. Every derivation names its salt and then its cost:
 * a SEQUENCE whose OCTET STRING is followed by an INTEGER (PBKDF2, the PBE schemes of PKCS #12, scrypt, and a PFX's MAC).
 * What is inside an encrypted part of a PFX is not seen.
 */
export function derivationRounds(der: Uint8Array): number {
  return roundsOf(der, 0)
}

const maxDepth = 40
const constructed = 0x20
const tags = { integer: 0x02, octetString: 0x04, sequence: 0x30 }

interface Element {
  tag: number
  content: Uint8Array
}

function roundsOf(bytes: Uint8Array, depth: number): number {
  if (depth > maxDepth) return Number.POSITIVE_INFINITY
  let rounds = 0
  for (const { tag, content } of readAll(bytes)) {
    if (tag === tags.sequence) rounds += costOf(readAll(content))
    // Constructed, or an OCTET STRING, in which PKCS #12 packs further structures.
    if ((tag & constructed) !== 0 || tag === tags.octetString) rounds += roundsOf(content, depth + 1)
  }
  return rounds
}

function costOf(elements: readonly Element[]): number {
  const salt = elements.findIndex(({ tag }) => (tag & ~constructed) === tags.octetString)
  if (salt < 0) return 0
  const numbers: number[] = []
  for (const { tag, content } of elements.slice(salt + 1)) {
    if (tag !== tags.integer) break
    numbers.push(toNumber(content))
  }
  const [first = 0, second = 1, third] = numbers
  // scrypt has three: N, r and p; PBKDF2 may have the length of the key as its second.
  return third === undefined ? first : (first * second * third) / scryptUnit
}

function toNumber(content: Uint8Array): number {
  return content.reduce((sum, byte) => sum * 256 + byte, 0)
}

/**
 * Reads like the library that will open the file, which takes more than DER: long forms of a length, indefinite lengths, rubbish at the end. What cannot be read
 * ends the list, so nothing before it is missed.
 */
function readAll(bytes: Uint8Array): Element[] {
  const elements: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at++] ?? 0
    if ((tag & 0x1f) === 0x1f) while (((bytes[at++] ?? 0) & 0x80) !== 0);
    let length = bytes[at++] ?? 0
    if (length === 0x80) {
      // Until two zero bytes, which read as an element of no length: the rest, whatever it is, is looked through as content.
      length = bytes.length - at
    } else if (length > 0x80) {
      const size = length & 0x7f
      length = toNumber(bytes.subarray(at, at + size))
      at += size
    }
    const end = Math.min(at + length, bytes.length)
    elements.push({ tag, content: bytes.subarray(at, end) })
    at = end
  }
  return elements
}
