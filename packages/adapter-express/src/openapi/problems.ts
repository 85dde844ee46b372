import { type ProblemCode, problemCodes } from '../problems/problem.ts'
import type { RouteInfo } from '../routes/route.ts'

/** The problems that a route may answer: those its definition names, and those that follow from what it takes. In the order of the problem table. */
export function problemsOf(route: RouteInfo): ProblemCode[] {
  const { method, security, subject } = route
  const codes = new Set<ProblemCode>([...route.problems, 'invalid_input', 'internal', 'unavailable'])
  const add = (...more: ProblemCode[]) => {
    for (const code of more) codes.add(code)
  }
  if (security === 'signature') add('signature_invalid')
  else add('unauthenticated', 'forbidden')
  const names = route.path.includes('{') || ('from' in subject && (subject.from === 'query' || subject.from === 'body'))
  // A signed message for an unknown scan is answered as one that is not signed.
  if (names && security === 'host') add('not_found')
  if (route.body !== null || route.rawBody !== null) add('malformed_json', 'body_too_large', 'unsupported_media_type')
  if (method === 'POST' && security === 'host') add('idempotency_conflict', 'idempotency_mismatch')
  return problemCodes.filter((code) => codes.has(code))
}
