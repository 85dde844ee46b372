import type { Response } from 'express'

/** Work for a caller who waits for it: when the connection closes, nobody does any more, and the signal says so. */
export async function whileConnected<A>(res: Response, work: (signal: AbortSignal) => Promise<A>): Promise<A> {
  const left = new AbortController()
  const leave = () => left.abort()
  res.once('close', leave)
  try {
    return await work(left.signal)
  } finally {
    res.off('close', leave)
  }
}
