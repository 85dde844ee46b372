/**
 * The seam between the one SQL of this package and the libraries that carry it.
 *
 * What the SQL keeps to, so that both libraries see the same thing:
 * - every parameter travels as text and is cast in the statement (`$1::text::uuid`), so no library's own serialisers take part;
 * - every statement answers one column, and the SQL makes text of it (`row_to_json(x)::text`), so no library's parsers, type maps or
 *   column transforms take part either.
 */
export interface Statement {
  text: string
  params: readonly (string | null)[]
}

/** One transaction. Statements run in the order they are sent; they may be sent before earlier ones have answered. */
export interface Session {
  /** The first column of every row. */
  query(statement: Statement): Promise<(string | null)[]>
  /** Whole rows, as the library makes them: for statements that are not this package's. */
  rows(statement: Statement): Promise<unknown[]>
  /** Several statements without parameters: for migrations. */
  script(text: string): Promise<void>
}

export type Access = 'read' | 'write'

export interface Driver {
  readonly name: string
  /** PGlite has a single session: nothing runs beside a transaction, and there is nobody to lock out. */
  readonly sessions: 'one' | 'many'
  /**
   * BEGIN, `opening`, `fn`, COMMIT; ROLLBACK when any of it failed. `fn` must use the session it is given and nothing else.
   * Throws {@link LinkLost} when the connection died under it. With `access` read nothing hangs on the COMMIT: where the database is far it is not waited for.
   */
  transaction<T>(opening: Statement | null, fn: (session: Session) => Promise<T>, access?: Access): Promise<T>
  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>>
  /** Frees what the driver opened itself. Idempotent. */
  close(): Promise<void>
}

/** The connection is gone. `committed` is `no` when COMMIT had not been sent: then nothing happened and the transaction may be run again. */
export class LinkLost extends Error {
  override readonly name = 'LinkLost'
  readonly committed: 'no' | 'unknown'
  constructor(committed: 'no' | 'unknown', cause: unknown) {
    super('The database connection was lost.', { cause })
    this.committed = committed
  }
}

/** A limit of our own was reached: no connection became free, or a statement did not answer. */
export class DriverTimeout extends Error {
  override readonly name = 'DriverTimeout'
}
