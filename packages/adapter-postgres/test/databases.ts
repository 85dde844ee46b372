import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { inject } from 'vitest'

/** Why tests on a real PostgreSQL are skipped, or null. */
export function missingPostgres(): string | null {
  const given = inject('postgres')
  return 'missing' in given ? given.missing : null
}

/** A new, empty database on the run's server. */
export async function newDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const given = inject('postgres')
  if ('missing' in given) throw new Error(given.missing)
  const name = `tenantscope_test_${randomBytes(6).toString('hex')}`
  const admin = async (statement: string) => {
    const sql = postgres(given.adminUrl, { max: 1, onnotice: () => {} })
    try {
      await sql.unsafe(statement)
    } finally {
      await sql.end({ timeout: 5 })
    }
  }
  await admin(`create database ${name}`)
  const url = new URL(given.adminUrl)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => admin(`drop database if exists ${name} with (force)`) }
}
