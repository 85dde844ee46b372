/** One page of a list. Cursors are opaque, are valid only with the same filters, and never expire. */
export interface Page<T> {
  data: T[]
  /** Hand it in as `cursor` for the page after; null at the end. */
  next: string | null
  /** Hand it in as `cursor` for the page before; null at the beginning. */
  prev: string | null
}

/** Page sizes are bounded so that one call cannot ask for everything. */
export const pageLimit = { default: 50, max: 200 } as const
