import type { Driver, Session, Statement } from './driver.ts'

/** What this package uses of a PGlite instance, so that its types are not needed by who does not use it. */
export interface PgliteDatabase {
  transaction<T>(fn: (tx: PgliteTransaction) => Promise<T>): Promise<T>
  listen(channel: string, callback: (payload: string) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

export interface PgliteTransaction {
  // biome-ignore lint/suspicious/noExplicitAny: the library's own signature
  query<T>(text: string, params?: any[]): Promise<{ rows: T[] }>
  exec(text: string): Promise<unknown>
}

/**
 * PGlite in this process. It has one session and queues transactions itself. `open` is called once, when first needed; what it opened is
 * closed with the driver, an instance of the caller's stays open.
 */
export function pgliteDriver(params: { open: () => Promise<PgliteDatabase>; owned: boolean }): Driver {
  let opening: Promise<PgliteDatabase> | null = null
  const database = () => {
    opening ??= params.open()
    return opening
  }
  return {
    name: 'pglite',
    sessions: 'one',
    async transaction(first, fn) {
      const db = await database()
      return db.transaction(async (tx) => {
        const session = transactionSession(tx)
        if (first) await session.query(first)
        return fn(session)
      })
    },
    async listen(channel, onPayload) {
      const db = await database()
      const stop = await db.listen(channel, onPayload)
      return () => stop()
    },
    async close() {
      if (!params.owned || opening === null) return
      const db = opening
      opening = Promise.reject(new Error('The storage is closed.'))
      opening.catch(() => {})
      await (await db).close()
    },
  }
}

function transactionSession(tx: PgliteTransaction): Session {
  return {
    async query({ text, params }: Statement) {
      const { rows } = await tx.query<Record<string, string | null>>(text, [...params])
      return rows.map((row) => Object.values(row)[0] ?? null)
    },
    async rows({ text, params }) {
      const { rows } = await tx.query(text, [...params])
      return rows
    },
    async script(text) {
      await tx.exec(text)
    },
  }
}
