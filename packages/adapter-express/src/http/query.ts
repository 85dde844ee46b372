import type { ProblemField } from '../problems/problem.ts'

/**
 * The query as flat text values. The host's own parser is not used: it may build objects and arrays from brackets (Express 4 does), and a value given
 * twice must be an error, not a matter of which one wins.
 */
export function readQuery(
  url: string,
  ignored: ReadonlySet<string>,
): { values: Record<string, string>; errors: ProblemField[] } {
  const start = url.indexOf('?')
  const values = new Map<string, string>()
  const errors: ProblemField[] = []
  if (start >= 0) {
    for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
      if (ignored.has(name)) continue
      if (values.has(name)) {
        errors.push({ in: 'query', pointer: pointerTo(name), detail: 'is given more than once.' })
      }
      values.set(name, value)
    }
  }
  return { values: Object.fromEntries(values), errors }
}

/** One JSON Pointer token (RFC 6901). */
export function pointerTo(...path: readonly (string | number | symbol)[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
