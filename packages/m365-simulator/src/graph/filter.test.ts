import { describe, expect, it } from 'vitest'
import { parseFilter, UnsupportedFilterError } from './filter.ts'

const rows = [
  { id: 'a', name: "O'Neil", groupTypes: ['Unified'], enabled: true, visibility: null },
  { id: 'b', name: 'Berger', groupTypes: ['DynamicMembership', 'Unified'], enabled: false, visibility: 'Public' },
  { id: 'c', name: 'Bowen', groupTypes: [], enabled: true, visibility: 'Private' },
]

const ids = (filter: string) => rows.filter(parseFilter(filter)).map((row) => row.id)

describe('a filter', () => {
  it.each([
    ["groupTypes/any(c:c eq 'Unified')", ['a', 'b']],
    ["name eq 'O''Neil'", ['a']],
    ['enabled eq true and visibility ne null', ['c']],
    ["id in ('a', 'c')", ['a', 'c']],
    ["startsWith(name, 'b') and not (enabled eq true)", ['b']],
    ["id eq 'a' or id eq 'b' and enabled eq true", ['a']],
    ["(id eq 'a' or id eq 'b') and enabled eq false", ['b']],
  ])('%s', (filter, expected) => {
    expect(ids(filter)).toEqual(expected)
  })

  it.each(["name gt 'a'", 'name eq', "contains(name, 'x')", "name eq 'a' name", '((', "groupTypes/all(c:c eq 'x')"])(
    'refuses %s',
    (filter) => {
      expect(() => parseFilter(filter)).toThrow(UnsupportedFilterError)
    },
  )
})
