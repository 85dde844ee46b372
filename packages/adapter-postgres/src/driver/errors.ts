import { isTenantscopeError, TenantscopeError } from '@tenantscope/core'
import { DriverTimeout, LinkLost } from './driver.ts'

/** SQLSTATE of a database error, the library's or Node's own code for connection trouble, or null. */
export function errorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

/** Not an answer of the server about a statement, but the end of the connection, or no connection at all. */
export function isConnectionTrouble(error: unknown): boolean {
  if (error instanceof LinkLost || error instanceof DriverTimeout) return true
  const code = errorCode(error)
  if (code === null) return false
  return /^(CONNECTION_|CONNECT_|E[A-Z]{3,}|08|25P0[34]|57P0[1-5])/.test(code)
}

/** The server gave the transaction up in favour of another one: the same transaction may go through now. */
export function isContention(error: unknown): boolean {
  return ['40001', '40P01', '55P03'].includes(errorCode(error) ?? '')
}

/** Said of every statement after the one that ended the transaction. */
export function isAftermath(error: unknown): boolean {
  return errorCode(error) === '25P02'
}

interface Verdict {
  code: 'storage_failed' | 'storage_refused'
  retryable: boolean
  message: string
}

const refused = (message: string): Verdict => ({ code: 'storage_refused', retryable: false, message })
const failed = (message: string, retryable = true): Verdict => ({ code: 'storage_failed', retryable, message })

/** From the most to the least specific prefix of a SQLSTATE. */
const verdicts: readonly (readonly [string, Verdict])[] = [
  ['42P01', refused('A table of the schema is missing. Run migrate() before anything else.')],
  ['42703', refused('A column of the schema is missing. Run migrate() of this version first.')],
  ['3F000', refused('The schema is missing. Run migrate() before anything else.')],
  ['42704', refused('A role of the schema is missing. Run migrate() before anything else.')],
  ['3D000', refused('The database does not exist. Create it, or correct its name in the connection.')],
  [
    '42501',
    refused(
      'The database refused it: the login may not take the role it needs, or a row belongs to another platform tenant.',
    ),
  ],
  ['25006', failed('The database is read-only at the moment.')],
  ['57014', failed('The database took longer than the statement timeout.')],
  ['28', refused('The database refused the login. Check user, password and pg_hba.conf.')],
  ['23', refused('The database refused the row: it breaks a rule of the schema.')],
  ['22', refused('The database refused a value: it does not fit its column.')],
  ['54', refused('The database refused a value: it is larger or deeper than it can hold.')],
  ['40', failed('The database gave the transaction up because of another one.')],
  ['55', failed('The database object is in use.')],
  ['53', failed('The database is out of connections, memory or disk space.')],
  ['57', failed('The database is shutting down or starting up.')],
  ['08', failed('The connection to the database was lost.')],
]

/** The error that leaves this package. It carries no SQL and no values; what the driver said stays in `cause`, without parameters and row values. */
export function storageError(error: unknown): TenantscopeError {
  if (isTenantscopeError(error)) return error
  const options = { cause: scrubbed(error) }
  if (error instanceof LinkLost) {
    const doubt = error.committed === 'unknown' ? ' Whether the change was stored is not known.' : ''
    return new TenantscopeError('storage_failed', `The connection to the database was lost.${doubt}`, {
      ...options,
      retryable: true,
    })
  }
  if (error instanceof DriverTimeout)
    return new TenantscopeError('storage_failed', error.message, { ...options, retryable: true })
  const code = errorCode(error)
  const verdict = verdicts.find(([prefix]) => code?.startsWith(prefix) && /^[0-9A-Z]{5}$/.test(code))?.[1]
  if (verdict) {
    return new TenantscopeError(verdict.code, `${verdict.message} (SQLSTATE ${code})`, {
      ...options,
      retryable: verdict.retryable,
    })
  }
  if (isConnectionTrouble(error)) {
    return new TenantscopeError('storage_failed', `The database cannot be reached (${code}).`, {
      ...options,
      retryable: true,
    })
  }
  return new TenantscopeError('storage_failed', `The database failed${code === null ? '' : ` (${code})`}.`, options)
}

/** Both libraries hang the statement's parameters on the error, and the server's detail quotes whole rows: neither belongs in a log. */
function scrubbed(error: unknown): unknown {
  if (error instanceof LinkLost || error instanceof DriverTimeout) return scrubbed(error.cause)
  if (!(error instanceof Error)) return error
  const code = errorCode(error)
  const copy: Error & { code?: string; routine?: string } = new Error(error.message)
  copy.name = error.name
  if (error.stack !== undefined) copy.stack = error.stack
  if (code !== null) copy.code = code
  if ('routine' in error && typeof error.routine === 'string') copy.routine = error.routine
  return copy
}
