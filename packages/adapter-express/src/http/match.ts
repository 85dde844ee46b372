import type { Method, Route } from '../routes/route.ts'

export type Match =
  | { kind: 'route'; route: Route; params: Record<string, string> }
  | { kind: 'method'; allow: string[] }
  | { kind: 'none' }
  | { kind: 'malformed' }

/**
 * Finds the route of a path. Not left to Express: it would answer 404 for a known path with another method, hand broken percent-encoding to the host's error
 * page, and its path syntax differs between version 4 and 5.
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): Match {
  const segments = split(path)
  const wanted = method === 'HEAD' ? 'GET' : method
  const methods = new Set<Method>()
  for (const route of routes) {
    const raw = captures(patternOf(route), segments)
    if (raw === null) continue
    methods.add(route.method)
    if (route.method !== wanted) continue
    const params = decode(raw)
    return params ? { kind: 'route', route, params } : { kind: 'malformed' }
  }
  if (methods.size === 0) return { kind: 'none' }
  return { kind: 'method', allow: [...methods, ...(methods.has('GET') ? ['HEAD'] : [])] }
}

const patterns = new WeakMap<Route, string[]>()

function patternOf(route: Route): string[] {
  const pattern = patterns.get(route) ?? split(route.path)
  patterns.set(route, pattern)
  return pattern
}

function split(path: string): string[] {
  return path.replace(/^\//, '').replace(/\/$/, '').split('/')
}

function captures(pattern: string[], segments: string[]): [string, string][] | null {
  if (pattern.length !== segments.length) return null
  const found: [string, string][] = []
  for (const [i, part] of pattern.entries()) {
    const segment = segments[i] ?? ''
    if (part.startsWith('{')) found.push([part.slice(1, -1), segment])
    else if (part !== segment) return null
  }
  return found
}

function decode(raw: [string, string][]): Record<string, string> | null {
  try {
    return Object.fromEntries(raw.map(([name, value]) => [name, decodeURIComponent(value)]))
  } catch {
    return null
  }
}
