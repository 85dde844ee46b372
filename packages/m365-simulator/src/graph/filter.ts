import type { Json, JsonObject } from '../tenants/types.ts'

/** A $filter this simulator does not understand: the caller answers 400. */
export class UnsupportedFilterError extends Error {
  override readonly name = 'UnsupportedFilterError'
}

type Predicate = (row: JsonObject) => boolean

interface Token {
  kind: 'name' | 'string' | 'literal' | 'symbol'
  text: string
}

function tokenise(filter: string): Token[] {
  const tokens: Token[] = []
  const pattern = /\s*(?:'((?:[^']|'')*)'|([0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z_][\w./-]*)|(-?\d[\w.:-]*)|([(),:]))/iy
  while (pattern.lastIndex < filter.length) {
    if (filter.slice(pattern.lastIndex).trim() === '') break
    const found = pattern.exec(filter)
    if (found === null) throw new UnsupportedFilterError(filter)
    const [, string, name, literal, symbol] = found
    if (string !== undefined) tokens.push({ kind: 'string', text: string.replaceAll("''", "'") })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name })
    else if (literal !== undefined) tokens.push({ kind: 'literal', text: literal })
    else tokens.push({ kind: 'symbol', text: symbol ?? '' })
  }
  return tokens
}

function valueAt(row: JsonObject, path: string): Json {
  let value: Json = row
  for (const part of path.split('/')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    value = value[part] ?? null
  }
  return value
}

function same(left: Json, right: Json): boolean {
  return typeof left === 'string' && typeof right === 'string'
    ? left.toLowerCase() === right.toLowerCase()
    : left === right
}

/** The part of OData's filter grammar that directory reads use: eq, ne, in, any, startsWith, and, or, not. */
class Parser {
  readonly #tokens: Token[]
  #at = 0
  readonly #filter: string

  constructor(filter: string) {
    this.#filter = filter
    this.#tokens = tokenise(filter)
  }

  parse(): Predicate {
    const predicate = this.#or()
    if (this.#at < this.#tokens.length) this.#fail()
    return predicate
  }

  #fail(): never {
    throw new UnsupportedFilterError(this.#filter)
  }

  #next(): Token {
    return this.#tokens[this.#at++] ?? this.#fail()
  }

  #symbol(text: string): void {
    const token = this.#next()
    if (token.kind !== 'symbol' || token.text !== text) this.#fail()
  }

  #isNext(text: string): boolean {
    const token = this.#tokens[this.#at]
    return token !== undefined && token.kind !== 'string' && token.text.toLowerCase() === text
  }

  #skip(text: string): boolean {
    if (!this.#isNext(text)) return false
    this.#at += 1
    return true
  }

  #or(): Predicate {
    let left = this.#and()
    while (this.#skip('or')) {
      const [first, second] = [left, this.#and()]
      left = (row) => first(row) || second(row)
    }
    return left
  }

  #and(): Predicate {
    let left = this.#unary()
    while (this.#skip('and')) {
      const [first, second] = [left, this.#unary()]
      left = (row) => first(row) && second(row)
    }
    return left
  }

  #unary(): Predicate {
    if (this.#skip('not')) {
      const inner = this.#unary()
      return (row) => !inner(row)
    }
    if (this.#skip('(')) {
      const inner = this.#or()
      this.#symbol(')')
      return inner
    }
    const token = this.#next()
    if (token.kind !== 'name') this.#fail()
    if (this.#isNext('(')) return this.#call(token.text)
    return this.#comparison(token.text)
  }

  #call(name: string): Predicate {
    this.#symbol('(')
    if (name.toLowerCase() === 'startswith') {
      const property = this.#next().text
      this.#symbol(',')
      const prefix = String(this.#value()).toLowerCase()
      this.#symbol(')')
      return (row) =>
        String(valueAt(row, property) ?? '')
          .toLowerCase()
          .startsWith(prefix)
    }
    if (!name.endsWith('/any')) this.#fail()
    const property = name.slice(0, -'/any'.length)
    const variable = this.#next().text
    this.#symbol(':')
    if (this.#next().text !== variable || this.#next().text.toLowerCase() !== 'eq') this.#fail()
    const wanted = this.#value()
    this.#symbol(')')
    return (row) => {
      const list = valueAt(row, property)
      return Array.isArray(list) && list.some((element) => same(element, wanted))
    }
  }

  #comparison(property: string): Predicate {
    const operator = this.#next().text.toLowerCase()
    if (operator === 'in') {
      this.#symbol('(')
      const wanted = [this.#value()]
      while (this.#skip(',')) wanted.push(this.#value())
      this.#symbol(')')
      return (row) => wanted.some((value) => same(valueAt(row, property), value))
    }
    if (operator !== 'eq' && operator !== 'ne') this.#fail()
    const wanted = this.#value()
    return (row) => same(valueAt(row, property), wanted) === (operator === 'eq')
  }

  #value(): Json {
    const token = this.#next()
    if (token.kind === 'string') return token.text
    if (token.kind === 'symbol') this.#fail()
    if (token.text === 'null') return null
    if (token.text === 'true' || token.text === 'false') return token.text === 'true'
    const number = Number(token.text)
    // A bare GUID is allowed where the property is one.
    return Number.isNaN(number) ? token.text : number
  }
}

export function parseFilter(filter: string): Predicate {
  return new Parser(filter).parse()
}
