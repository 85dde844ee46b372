/**
 * Translates core's JSON pointers into the API's: by the route's own table where names differ, else camelCase → snake_case.
 * Names of operator inputs are data, not field names, and stay as they are.
 */
export function wirePointer(pointer: string, table: Readonly<Record<string, string>>): string {
  const known = Object.keys(table)
    .filter((prefix) => pointer === prefix || pointer.startsWith(`${prefix}/`))
    .sort((a, b) => b.length - a.length)[0]
  const rest = known === undefined ? pointer : pointer.slice(known.length)
  const start = known === undefined ? '' : (table[known] ?? '')
  const data = start === '/inputs' || pointer.startsWith('/inputs/')
  return start + (data ? rest : snake(rest))
}

function snake(pointer: string): string {
  return pointer.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
