import { type IdempotencyKeys, type StoredResponse, silentLogger } from '@tenantscope/core'
import { describe, expect, it } from 'vitest'
import { startHost } from '../../test/host.ts'
import type { Reply } from '../routes/route.ts'
import { idempotencyKey, once } from './idempotency.ts'

async function kept() {
  const host = await startHost()
  const keysOf = (platformTenantId: string) => host.scope(platformTenantId).idempotency
  const request = (overrides: Partial<Parameters<typeof once>[0]> = {}) => ({
    keys: keysOf('msp-a'),
    scope: ['ann', 'POST', '/scans/start'],
    key: 'k',
    payload: { a: 1 },
    logger: silentLogger,
    ...overrides,
  })
  return { keysOf, request }
}
const reply = { status: 202, body: { scan_id: 1 }, headers: { Location: '/x' } }

describe('idempotency keys', () => {
  it('give the first answer again, marked', async () => {
    const { request } = await kept()
    let runs = 0
    const work = async () => ({ ...reply, body: { run: ++runs } })
    expect(await once(request(), work)).toMatchObject({ body: { run: 1 } })
    expect(await once(request(), work)).toEqual({
      status: 202,
      content: { type: 'application/json; charset=utf-8', text: '{"run":1}' },
      headers: { Location: '/x', 'Idempotency-Replayed': 'true' },
    })
    expect(runs).toBe(1)
  })

  it('are apart for platform tenants, callers and routes, and refuse another payload', async () => {
    const { keysOf, request } = await kept()
    let runs = 0
    const work = async () => ({ ...reply, body: ++runs })
    await once(request(), work)
    await once(request({ keys: keysOf('msp-b') }), work)
    await once(request({ scope: ['bob', 'POST', '/scans/start'] }), work)
    await once(request({ scope: ['ann', 'POST', '/m365-tenants'] }), work)
    expect(runs).toBe(4)
    await expect(once(request({ payload: { a: 2 } }), work)).rejects.toMatchObject({ code: 'idempotency_mismatch' })
  })

  it('refuse a second request while the first runs, and are free again after a failure', async () => {
    const { request } = await kept()
    const running = Promise.withResolvers<Reply>()
    const begun = Promise.withResolvers<void>()
    const first = once(request(), () => {
      begun.resolve()
      return running.promise
    })
    await begun.promise
    await expect(once(request(), async () => reply)).rejects.toMatchObject({ code: 'idempotency_conflict' })
    running.reject(new Error('broken'))
    await expect(first).rejects.toThrow('broken')
    expect(await once(request(), async () => reply)).toEqual(reply)
  })

  it('keep what may be kept of an answer, and no secret of the request in a form that can be guessed at speed', async () => {
    const { keysOf, request } = await kept()
    const seen: { fingerprint: string; response?: StoredResponse }[] = []
    const inner = keysOf('msp-a')
    const keys: IdempotencyKeys = {
      begin: (input) => {
        seen.push(input)
        return inner.begin(input)
      },
      complete: (input) => {
        seen.push(input)
        return inner.complete(input)
      },
      abandon: (input) => inner.abandon(input),
    }
    const payload = { client_secret: 'hunter2' }
    await once(request({ keys, payload }), async () => ({
      ...reply,
      body: { secret: 's3' },
      bodyToKeep: { secret: null },
    }))
    expect(seen).toHaveLength(2)
    expect(seen[1]?.response?.body).toBe('{"secret":null}')
    expect(JSON.stringify(seen)).not.toMatch(/hunter2|s3"/)
    await once(request({ keys, payload, key: 'other' }), async () => reply)
    // Salted by the key: the same payload under another key looks different.
    expect(seen[2]?.fingerprint).not.toBe(seen[0]?.fingerprint)
  })

  it('that cannot be kept do not hide that the work is done', async () => {
    const { keysOf, request } = await kept()
    const broken = { ...keysOf('msp-a'), complete: () => Promise.reject(new Error('the database is gone')) }
    expect(await once(request({ keys: broken }), async () => reply)).toEqual(reply)
  })

  it('must be plain', () => {
    expect(idempotencyKey(undefined)).toBeNull()
    expect(idempotencyKey('8e03978e-40d5-43dd-bc93-6894a57f9324')).toBe('8e03978e-40d5-43dd-bc93-6894a57f9324')
    for (const bad of ['', 'a b', 'x'.repeat(256), 'ü'])
      expect(() => idempotencyKey(bad)).toThrow('One value is wrong.')
  })
})
