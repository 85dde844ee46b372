import { inspect } from 'node:util'
import { InvalidInputError } from '@tenantscope/core'
import { describe, expect, it } from 'vitest'
import { DriverTimeout, LinkLost } from './driver.ts'
import { isConnectionTrouble, isContention, storageError } from './errors.ts'

const coded = (code: string) =>
  Object.assign(new Error('driver text'), {
    code,
    query: 'select secret',
    parameters: ['s3cret'],
    detail: 'row (s3cret)',
  })

describe('storageError', () => {
  it.for([
    ['42P01', 'storage_refused', false],
    ['42501', 'storage_refused', false],
    ['23505', 'storage_refused', false],
    ['22P02', 'storage_refused', false],
    ['28P01', 'storage_refused', false],
    ['54000', 'storage_refused', false],
    ['40001', 'storage_failed', true],
    ['40P01', 'storage_failed', true],
    ['53300', 'storage_failed', true],
    ['53100', 'storage_failed', true],
    ['57P01', 'storage_failed', true],
    ['57014', 'storage_failed', true],
    ['25P03', 'storage_failed', true],
    ['25006', 'storage_failed', true],
    ['ECONNREFUSED', 'storage_failed', true],
    ['CONNECT_TIMEOUT', 'storage_failed', true],
    ['CONNECTION_ENDED', 'storage_failed', true],
    ['XX000', 'storage_failed', false],
  ] as const)('makes of %s a %s, retryable %s', ([code, kind, retryable]) => {
    expect(storageError(coded(code))).toMatchObject({ name: 'TenantscopeError', code: kind, retryable })
  })

  it('keeps the cause without SQL, values and rows', () => {
    const error = storageError(coded('23505'))
    expect(error.message).toContain('23505')
    expect(error.message).not.toContain('driver text')
    expect(error.cause).toMatchObject({ message: 'driver text', code: '23505' })
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(/s3cret|select secret/)
  })

  it('says whether a change may have been stored', () => {
    expect(storageError(new LinkLost('no', coded('CONNECTION_CLOSED')))).toMatchObject({ retryable: true })
    expect(storageError(new LinkLost('unknown', coded('CONNECTION_CLOSED'))).message).toContain('not known')
    expect(storageError(new DriverTimeout('Too late.'))).toMatchObject({ message: 'Too late.', retryable: true })
  })

  it('passes errors of the library on, and takes anything else', () => {
    const known = new InvalidInputError([{ pointer: '/cursor', detail: 'x' }])
    expect(storageError(known)).toBe(known)
    expect(storageError('text')).toMatchObject({ code: 'storage_failed', retryable: false, cause: 'text' })
  })
})

describe('classes of trouble', () => {
  it('tells the end of a connection from an answer of the server', () => {
    for (const code of ['CONNECTION_CLOSED', 'ECONNRESET', 'EPIPE', '08006', '57P01', '57P03'])
      expect(isConnectionTrouble(coded(code)), code).toBe(true)
    for (const code of ['57014', '23505', '42P01', '40001']) expect(isConnectionTrouble(coded(code)), code).toBe(false)
    expect(isContention(coded('40P01'))).toBe(true)
    expect(isContention(coded('23505'))).toBe(false)
  })
})
