import { stripVTControlCharacters } from 'node:util'

const replacement = '[redacted]'
/** JSON Web Tokens and bearer headers, whoever printed them. */
const tokenLike = /eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)*|(?<=\bbearer\s+)[\w.~+/=-]{8,}/gi

/** Takes tokens out of what the engine says. Knows the tokens that were handed to it, and the shape of others. */
export class Redactor {
  readonly #secrets = new Set<string>()

  add(secret: string): void {
    if (secret.length >= 8) this.#secrets.add(secret)
  }

  /** Removes the tokens that were handed out: safe on JSON text, for they hold nothing that JSON escapes. */
  known(text: string): string {
    let result = text
    for (const secret of this.#secrets) if (result.includes(secret)) result = result.replaceAll(secret, replacement)
    return result
  }

  /** Plain text for a message or log: no tokens, no colour codes, no control characters but line feeds and tabs. */
  text(text: string): string {
    const plain = stripVTControlCharacters(this.known(text)).replace(tokenLike, replacement)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
    return plain.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
  }
}
