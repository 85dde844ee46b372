/** Where the library takes its time from. Leases use the storage's clock, never this one. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }
