/** Something about the database that is not as it should be, and what to do about it. */
export interface Diagnosis {
  code:
    | 'server_too_old'
    | 'schema_missing'
    | 'schema_version'
    | 'schema_unreadable'
    | 'role_missing'
    | 'role_unbound'
    | 'role_owner'
    | 'role_strong'
    | 'login_strong'
    | 'login_not_member'
    | 'row_security'
    | 'policy'
    | 'grant_missing'
    | 'grant_excess'
  /** `error`: platform tenants may see each other's rows, or calls will fail. `warning`: it works, with less protection than it could have. */
  severity: 'error' | 'warning'
  /** What was found, without a full stop: several fit into one sentence. */
  message: string
  action: string
}

/** PostgreSQL versions as `server_version_num` has them. */
const oldestServer = 140_000

export function serverDiagnosis(versionNumber: number): Diagnosis[] {
  if (versionNumber >= oldestServer) return []
  const found = Math.floor(versionNumber / 10_000)
  return [
    {
      code: 'server_too_old',
      severity: 'error',
      message: `the server is PostgreSQL ${found}`,
      action: 'Use PostgreSQL 14 or newer.',
    },
  ]
}
