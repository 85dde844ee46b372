import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { inject } from 'vitest'

/** Why tests on a real PostgreSQL are skipped, or null. */
export function missingPostgres(): string | null {
  const given = inject('postgres')
  return 'missing' in given ? given.missing : null
}

export interface TestDatabase {
  /** Superuser. */
  url: string
  /** Runs one statement as superuser on this database. */
  admin: <T = Record<string, unknown>>(statement: string) => Promise<T[]>
  /** A login without any rights but to create schemas and roles, as a host would make it. */
  addLogin: () => Promise<{ url: string; name: string }>
  /** With the roles that were made for it. */
  drop: (roles?: string[]) => Promise<void>
}

/** A new, empty database on the run's server. */
export async function newDatabase(): Promise<TestDatabase> {
  const given = inject('postgres')
  if ('missing' in given) throw new Error(given.missing)
  const name = `tenantscope_test_${randomBytes(6).toString('hex')}`
  const url = new URL(given.adminUrl)
  url.pathname = `/${name}`
  await run(given.adminUrl, `create database ${name}`)
  const logins: string[] = []
  return {
    url: url.href,
    admin: (statement) => run(url.href, statement),
    addLogin: async () => {
      const login = `login_${randomBytes(6).toString('hex')}`
      await run(url.href, `create role ${login} login createrole password 'only-a-test'`)
      await run(url.href, `grant create on database ${name} to ${login}`)
      logins.push(login)
      const loginUrl = new URL(url)
      loginUrl.username = login
      loginUrl.password = 'only-a-test'
      return { url: loginUrl.href, name: login }
    },
    drop: async (roles = []) => {
      await run(given.adminUrl, `drop database if exists ${name} with (force)`)
      for (const role of [...roles, ...logins]) await run(given.adminUrl, `drop role if exists ${role}`)
    },
  }
}

async function run<T>(url: string, statement: string): Promise<T[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return [...(await sql.unsafe(statement))] as T[]
  } finally {
    await sql.end({ timeout: 5 })
  }
}
