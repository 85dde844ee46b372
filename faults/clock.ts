let offsetMs = 0

/**
 * Moves the wall clock of this process, as an administrator or a bad time server would move the host's: every `Date` from now on is off by that much,
 * also in libraries, while the monotonic clock (`performance.now`, timers) goes on as it does then.
 */
export function jumpClock(ms: number): void {
  if (offsetMs === 0) replaceDate()
  offsetMs += ms
}

function replaceDate(): void {
  const Real = globalThis.Date
  const now = () => Real.now() + offsetMs
  globalThis.Date = new Proxy(Real, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new Real(now()).toString(),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  })
}
