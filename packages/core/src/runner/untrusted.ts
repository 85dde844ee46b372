/**
 * What a runner hands over comes from services and scripts that are not ours. This makes it storable, or replaces it:
 * NUL and lone surrogates become U+FFFD (PostgreSQL takes neither), keys that could reach a prototype are dropped, and what is too deep or too large becomes a marker.
 */
const limits = { depth: 64, nodes: 100_000 } as const

const replacedMarker = '[replaced: too deep or too large to keep]'

export function storable(value: unknown): unknown {
  const budget = { nodes: limits.nodes }
  const copy = clean(value, 0, budget)
  return budget.nodes < 0 ? replacedMarker : copy
}

function clean(value: unknown, depth: number, budget: { nodes: number }): unknown {
  budget.nodes -= 1
  if (budget.nodes < 0 || depth > limits.depth) return replacedMarker
  if (typeof value === 'string') return storableText(value)
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1, budget))
  if (typeof value === 'object') {
    const copy: Record<string, unknown> = {}
    for (const [key, item] of Object.entries(value)) {
      if (key === '__proto__' || key === 'constructor' || key === 'prototype') continue
      copy[storableText(key)] = clean(item, depth + 1, budget)
    }
    return copy
  }
  return null
}

export function storableText(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD').toWellFormed()
}
