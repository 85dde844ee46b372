import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a Vault says for itself: enough of the transit API for keys, encrypt and decrypt, with real AES-GCM behind it. */
export interface VaultStub {
  url: string
  token: string
  keys: Map<string, StubKey>
  requests: { method: string; path: string; headers: IncomingMessage['headers']; body: Record<string, unknown> }[]
  /** Answers in its place; null: itself again. */
  instead: ((response: ServerResponse) => void) | null
  close(): Promise<void>
}

export interface StubKey {
  type: string
  derived: boolean
  oldest: number
  versions: Buffer[]
}

export const stubKey = (changes: Partial<StubKey> = {}): StubKey => ({
  type: 'aes256-gcm96',
  derived: false,
  oldest: 1,
  versions: [randomBytes(32)],
  ...changes,
})

export async function startVaultStub(): Promise<VaultStub> {
  const stub: VaultStub = {
    url: '',
    token: `hvs.${randomBytes(12).toString('hex')}`,
    keys: new Map([['main', stubKey()]]),
    requests: [],
    instead: null,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      const body = text === '' ? {} : JSON.parse(text)
      const { method = '', url: path = '', headers } = request
      stub.requests.push({ method, path, headers, body })
      if (stub.instead) return stub.instead(response)
      const { status, answer } = answerOf(stub, { method, path, token: headers['x-vault-token'], body })
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return stub
}

interface Call {
  method: string
  path: string
  token: unknown
  body: Record<string, unknown>
}

const refusal = (status: number, words: string) => ({ status, answer: { errors: [words] } })

function answerOf(stub: VaultStub, { method, path, token, body }: Call): { status: number; answer: unknown } {
  if (token !== stub.token) return refusal(403, 'permission denied')
  const [, operation, name = ''] = /^\/v1\/transit\/(keys|encrypt|decrypt)\/([\w.-]+)$/.exec(path) ?? []
  const key = stub.keys.get(name)
  if (operation === 'keys' && method === 'GET') {
    if (!key) return { status: 404, answer: { errors: [] } }
    const { type, derived, oldest, versions } = key
    return {
      status: 200,
      answer: { data: { name, type, derived, latest_version: versions.length, min_decryption_version: oldest } },
    }
  }
  if (method !== 'POST' || operation === undefined) return { status: 404, answer: { errors: [] } }
  if (!key) return refusal(400, 'encryption key not found')
  try {
    return { status: 200, answer: { data: operation === 'encrypt' ? encrypted(key, body) : decrypted(key, body) } }
  } catch (error) {
    return refusal(400, (error as Error).message)
  }
}

function keyOf(key: StubKey, version: number, context: unknown): Buffer {
  const bytes = key.versions[version - 1]
  if (!bytes) throw new Error('invalid key version')
  if (!key.derived) return bytes
  if (typeof context !== 'string' || context === '') throw new Error("missing 'context' for key derivation")
  return createHmac('sha256', bytes).update(context).digest()
}

function encrypted(key: StubKey, body: Record<string, unknown>) {
  const version = Number(body.key_version ?? key.versions.length)
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyOf(key, version, body.context), nonce)
  cipher.setAAD(Buffer.from(String(body.associated_data ?? ''), 'base64'))
  const sealed = [nonce, cipher.update(Buffer.from(String(body.plaintext), 'base64')), cipher.final()]
  const bytes = Buffer.concat([...sealed, cipher.getAuthTag()])
  return { ciphertext: `vault:v${version}:${bytes.toString('base64')}`, key_version: version }
}

function decrypted(key: StubKey, body: Record<string, unknown>) {
  const [, version = '', text = ''] = /^vault:v(\d+):(.+)$/.exec(String(body.ciphertext)) ?? []
  if (Number(version) < key.oldest) throw new Error('ciphertext or signature version is disallowed by policy (too old)')
  const bytes = Buffer.from(text, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', keyOf(key, Number(version), body.context), bytes.subarray(0, 12), {
    authTagLength: 16,
  })
  decipher.setAAD(Buffer.from(String(body.associated_data ?? ''), 'base64'))
  decipher.setAuthTag(bytes.subarray(-16))
  const plain = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
  return { plaintext: plain.toString('base64') }
}
