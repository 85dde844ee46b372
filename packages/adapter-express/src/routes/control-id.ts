/**
 * The control that a check id means. Ids of this API are control ids (`1.1.2`); the long form `1.1.2_ensure_two_emergency_access_accounts`, which older
 * callers keep, means the same. Unknown ids are handed on as they are: core says what is wrong with them.
 */
export function controlIdOf(checkId: string, known: ReadonlySet<string>): string {
  if (known.has(checkId)) return checkId
  const short = checkId.split('_', 1)[0] ?? checkId
  return known.has(short) ? short : checkId
}
