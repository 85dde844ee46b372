import { describe, expect, it } from 'vitest'
import { isRowId, storableJson, storableTenant, storableText } from './storable.ts'

describe('storableText', () => {
  it('replaces what PostgreSQL cannot hold, one for one', () => {
    expect(storableText('a\u0000b\ud800c\udc00')).toBe('a\ufffdb\ufffdc\ufffd')
    expect(storableText('🙂 plain \u0001')).toBe('🙂 plain \u0001')
  })
})

describe('storableJson', () => {
  it('replaces in values and in keys', () => {
    expect(JSON.parse(storableJson({ 'k\u0000': ['\ud83d', '\ude00\ud83d'] }))).toEqual({
      'k\ufffd': ['\ufffd', '\ufffd\ufffd'],
    })
  })

  it('leaves texts alone that only look like escapes', () => {
    const looks = ['\\u0000', '\\\\u0000', '\\ud800', '"\\u0000"', '\u0001\u001f', '\\\u0001', '🙂']
    expect(JSON.parse(storableJson(looks))).toEqual(looks)
    expect(JSON.parse(storableJson(['\\\u0000', '\\\\\ud800']))).toEqual(['\\\ufffd', '\\\\\ufffd'])
  })

  it('makes null of what JSON has no word for', () => {
    expect(storableJson(undefined)).toBe('null')
    expect(storableJson({ a: undefined, b: Number.NaN })).toBe('{"b":null}')
  })
})

describe('storableTenant', () => {
  it('never makes two platform tenants one', () => {
    expect(storableTenant('a b')).toBe('a b')
    for (const id of ['a\u0000', 'a\ud800']) expect(() => storableTenant(id)).toThrow('/platformTenantId')
  })
})

describe('isRowId', () => {
  it('takes UUIDs in lower case only', () => {
    expect(isRowId('0b7e1c3a-9c2f-4a51-8d7e-2f6a1b3c4d5e')).toBe(true)
    for (const id of ['0B7E1C3A-9C2F-4A51-8D7E-2F6A1B3C4D5E', '', 'x', '0b7e1c3a9c2f4a518d7e2f6a1b3c4d5e'])
      expect(isRowId(id)).toBe(false)
  })
})
