import { InvalidInputError } from '@tenantscope/core'

/**
 * PostgreSQL text can hold neither U+0000 nor half a surrogate pair. Both come from what a customer's tenant answers, and one of them must not
 * cost the rest of a batch: they become U+FFFD, the character that says "here was something that cannot be shown".
 */
export function storableText(text: string): string {
  return text.isWellFormed() && !text.includes('\u0000') ? text : text.toWellFormed().replaceAll('\u0000', '\ufffd')
}

/**
 * JSON text that jsonb takes. JSON.stringify writes the two kinds of unstorable character as escapes and nothing else as `\u0000` or `\ud…`; the
 * pattern walks over escapes one by one, so that an escaped backslash before `u0000` stays what it is.
 */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  if (!text.includes('\\u')) return text
  return text.replace(/\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g, (found) =>
    /^\\u(0000|d)/.test(found) ? '\\ufffd' : found,
  )
}

/** Replacing characters could make two platform tenants one, so this id is refused instead. */
export function storableTenant(platformTenantId: string): string {
  if (storableText(platformTenantId) === platformTenantId) return platformTenantId
  throw new InvalidInputError([
    { pointer: '/platformTenantId', detail: 'holds U+0000 or half a surrogate pair; use an id without them.' },
  ])
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Ids are UUIDs in lower case. Anything else is the id of nothing, and is not worth a question to the database. */
export function isRowId(id: string): boolean {
  return uuid.test(id)
}
