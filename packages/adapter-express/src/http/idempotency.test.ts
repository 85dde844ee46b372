import { describe, expect, it } from 'vitest'
import { idempotencyKey, idempotencyKeys } from './idempotency.ts'

const request = (overrides = {}) => ({
  scope: ['msp-a', 'ann', 'POST', '/scans/start'],
  key: 'k',
  payload: { a: 1 },
  ...overrides,
})
const reply = { status: 202, body: { scan_id: 1 }, headers: { Location: '/x' } }

describe('idempotency keys', () => {
  it('give the first answer again, marked', async () => {
    const keys = idempotencyKeys()
    let runs = 0
    const work = async () => ({ ...reply, body: { run: ++runs } })
    expect(await keys.once(request(), work)).toMatchObject({ body: { run: 1 } })
    expect(await keys.once(request(), work)).toEqual({
      status: 202,
      body: { run: 1 },
      headers: { Location: '/x', 'Idempotency-Replayed': 'true' },
    })
    expect(runs).toBe(1)
  })

  it('are apart for callers and routes, and refuse another payload', async () => {
    const keys = idempotencyKeys()
    let runs = 0
    const work = async () => ({ ...reply, body: ++runs })
    await keys.once(request(), work)
    for (const scope of [
      ['msp-b', 'ann', 'POST', '/scans/start'],
      ['msp-a', 'bob', 'POST', '/scans/start'],
      ['msp-a', 'ann', 'POST', '/m365-tenants'],
    ]) {
      await keys.once(request({ scope }), work)
    }
    expect(runs).toBe(4)
    await expect(keys.once(request({ payload: { a: 2 } }), work)).rejects.toMatchObject({
      code: 'idempotency_mismatch',
    })
  })

  it('refuse a second request while the first runs, and are free again after a failure', async () => {
    const keys = idempotencyKeys()
    let fail = (_: Error) => {}
    const first = keys.once(request(), () => new Promise((_, reject) => (fail = reject)))
    await expect(keys.once(request(), async () => reply)).rejects.toMatchObject({ code: 'idempotency_conflict' })
    fail(new Error('broken'))
    await expect(first).rejects.toThrow('broken')
    expect(await keys.once(request(), async () => reply)).toEqual(reply)
  })

  it('end after their lifetime and when there are too many', async () => {
    let now = 0
    const keys = idempotencyKeys({ lifetimeMs: 100, maxEntries: 3 }, () => now)
    let runs = 0
    const work = async () => ({ ...reply, body: ++runs })
    for (const key of ['a', 'b', 'c', 'd']) await keys.once(request({ key }), work)
    await keys.once(request({ key: 'd' }), work)
    expect(runs).toBe(4)
    await keys.once(request({ key: 'a' }), work)
    expect(runs).toBe(5)
    now = 101
    await keys.once(request({ key: 'd' }), work)
    expect(runs).toBe(6)
  })

  it('must be plain', () => {
    expect(idempotencyKey(undefined)).toBeNull()
    expect(idempotencyKey('8e03978e-40d5-43dd-bc93-6894a57f9324')).toBe('8e03978e-40d5-43dd-bc93-6894a57f9324')
    for (const bad of ['', 'a b', 'x'.repeat(256), 'ü'])
      expect(() => idempotencyKey(bad)).toThrow('One value is wrong.')
  })
})
