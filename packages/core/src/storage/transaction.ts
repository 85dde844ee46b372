/**
 * A transaction of the storage's database, for what has to happen with a write or not at all. Statements run in it as the storage's own login. Valid until the
 * function that it was handed to has settled; committing and rolling back is not its business.
 */
export interface SqlTransaction {
  /** One statement with `$1`, `$2` … A parameter is text, a number, a boolean, a Date or null, and the database works its type out.
   * Rows are objects by column; what a column's value is, is the driver's choice. */
  execute(text: string, params: readonly unknown[]): Promise<{ rows: unknown[] }>
}
