/** What a message may be nested. Far above what services answer, far below what a stack bears. */
const deepest = 200

/** Walks without recursion: JSON that is nested a million levels deep is parsed in no time, and breaks whoever writes it out again. */
export function isTooDeep(value: unknown): boolean {
  let level: object[] = typeof value === 'object' && value !== null ? [value] : []
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= deepest) return true
    level = level.flatMap((item) =>
      Object.values(item).filter((child): child is object => typeof child === 'object' && child !== null),
    )
  }
  return false
}
