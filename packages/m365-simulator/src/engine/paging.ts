import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a page token stands for. `scope` binds it to one list: a token of another list is invalid. */
export interface PageToken {
  offset: number
  issuedAt: number
  scope: string
}

function signature(key: Buffer, payload: string): string {
  return createHmac('sha256', key).update(payload).digest('base64url').slice(0, 22)
}

export function sealPageToken(key: Buffer, token: PageToken): string {
  const payload = Buffer.from(JSON.stringify([token.offset, token.issuedAt, token.scope])).toString('base64url')
  return `${payload}_${signature(key, payload)}`
}

export function openPageToken(key: Buffer, sealed: string, scope: string): PageToken | undefined {
  const cut = sealed.length - 23
  if (cut <= 0 || sealed[cut] !== '_') return undefined
  const payload = sealed.slice(0, cut)
  const given = Buffer.from(sealed.slice(cut + 1))
  const expected = Buffer.from(signature(key, payload))
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
  const [offset, issuedAt, tokenScope] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as [
    number,
    number,
    string,
  ]
  return tokenScope === scope ? { offset, issuedAt, scope: tokenScope } : undefined
}
