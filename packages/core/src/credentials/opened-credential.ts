import { inspect } from 'node:util'
import type { CredentialKind, OpenCredential, SecretField, StoredCredential } from './credential.ts'

/**
 * Secrets in memory, for as long as a sign-in needs them. They are in a private field behind an accessor of the class: JSON, spread, template strings and
 * `util.inspect`, also with `showHidden`, show the id and the kind and nothing else.
 */
export class OpenedCredential implements OpenCredential {
  readonly credentialId: string
  readonly kind: CredentialKind
  readonly clientId: string | null
  readonly #secrets: Readonly<Partial<Record<SecretField, string>>>

  constructor(stored: StoredCredential, secrets: Partial<Record<SecretField, string>>) {
    this.credentialId = stored.id
    this.kind = stored.kind
    this.clientId = stored.clientId
    this.#secrets = Object.freeze(secrets)
    Object.freeze(this)
  }

  get secrets(): Readonly<Partial<Record<SecretField, string>>> {
    return this.#secrets
  }

  toJSON() {
    return { credentialId: this.credentialId, kind: this.kind, clientId: this.clientId, secrets: '[redacted]' }
  }

  toString(): string {
    return `credential ${this.credentialId} (${this.kind}, secrets redacted)`
  }

  [inspect.custom](): string {
    return this.toString()
  }
}
