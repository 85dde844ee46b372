import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { powershellRoot } from '../index.js'
import { runPwsh } from './pwsh.ts'

/** Texts where two parsers may differ. `null` stands for a text that both refuse. */
const texts: Record<string, [text: string, typed: RegExp | null]> = {
  'a time stays text': ['{"at":"2026-11-01T08:00:00Z"}', /^\{at: String /],
  'a time in a list': ['["2026-11-01T08:00:00+02:00","/Date(1)/"]', /^\[String .*, String .*\]$/],
  'whole numbers': ['[0,-0,1,-1,2147483648,9223372036854775807,-9223372036854775808]', /^\[Int64 /],
  'numbers too large for that': ['[9223372036854775808,123456789012345678901234567890]', /^\[BigInteger .*BigInteger /],
  'numbers with a point or an exponent': ['[1.0,1.5,-0.0,1e2,1E-3,0.1,1e300]', /^\[Double /],
  'booleans and null': ['{"a":true,"b":false,"c":null}', /^\{a: Boolean .*, b: Boolean .*, c: null\}$/],
  'no object': ['{}', /^\{\}$/],
  'no list': ['[]', /^\[\]$/],
  'a list of one': ['[1]', /^\[Int64 [^,]*\]$/],
  'a list of one list': ['[[1]]', /^\[\[Int64 [^,]*\]\]$/],
  'lists of lists': ['{"a":[[],[{}],[[]]]}', /^\{a: \[\[\], \[\{\}\], \[\[\]\]\]\}$/],
  'a bare text': ['"x"', /^String /],
  'a bare null': ['null', /^null$/],
  'names with points and signs': ['{"@odata.type":"#x","a.b":1,"a b":2,"Properties":3,"Count":4}', /Properties: Int64/],
  'names that differ by case': ['{"a":1,"A":2}', null],
  'the same in the depth': ['[{"x":{"a":1,"b":2,"A":2}}]', null],
  'the same name twice': ['{"a":1,"b":2,"a":3}', /^\{b: Int64 MgA=, a: Int64 MwA=\}$/],
  'a name of nothing': ['{"":1}', null],
  escapes: ['{"a":"\\u0041\\n\\t\\"\\\\\\/\\b\\f\\r\\u00e9","\\u0062":"x"}', /^\{a: String .*, b: String /],
  'a pair of surrogates': ['"\\ud83d\\ude00"', /^String PdgA3g==$/],
  'half a pair': ['"a\\ud83d \\n\\\\x"', /^String /],
  'text beyond ASCII': ['{"Größe":"日本語 😀"}', /^\{Größe: String /],
  'white space': [' \n\t{ "a" : [ 1 , 2 ] } ', /^\{a: \[Int64 /],
  'a text that is cut': ['{"a":[1,', null],
  'two texts': ['{} {}', null],
  'a deep one': [`${'['.repeat(200)}1${']'.repeat(200)}`, /^\[{200}Int64/],
}

// PowerShell 7.4 itself is not asked: its way is forced on the PowerShell that runs the tests.
test('JSON becomes the same objects with and without the cmdlet of PowerShell 7.5', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tenantscope-json-'))
  try {
    const files = ['benchmarks', 'checks', 'sources']
      .flatMap((name) => readdirSync(join(powershellRoot, name), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
      .map((entry) => join(entry.parentPath, entry.name))
      // A good part of what cases hold is like what services answer.
      .filter((path, index) => !path.endsWith('cases.json') || index % 12 === 0)
    const lines = [
      ...Object.entries(texts).map(([name, [text]]) => ({ name, text })),
      ...files.map((file) => ({ name: file, file })),
    ]
    const corpus = join(folder, 'corpus.jsonl')
    await writeFile(corpus, lines.map((line) => JSON.stringify(line)).join('\n'))
    const output = await runPwsh('test/Test-Json.ps1', ['-Root', powershellRoot, '-Corpus', corpus])
    expect(output).toMatchObject({ code: 0, stderr: '' })
    const results = output.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(results.filter(({ same }) => !same)).toEqual([])
    expect(results).toHaveLength(lines.length)
    expect(files.length).toBeGreaterThan(200)
    for (const { name, cmdlet, length } of results) {
      const typed = texts[name]?.[1]
      if (typed) expect(cmdlet, name).toMatch(typed)
      else if (typed === null) expect(cmdlet, name).toBe('refused')
      else expect(length, name).toBeGreaterThan(50)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 120_000)

test('what only PowerShell 7.5 knows is asked for in one place', () => {
  const scripts = readdirSync(powershellRoot, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.ps1') && !name.startsWith('node_modules/') && !name.startsWith('test/'))
  const using = scripts.filter((name) => /-DateKind\b/.test(readFileSync(join(powershellRoot, name), 'utf8')))
  expect(scripts.length).toBeGreaterThan(200)
  expect(using).toEqual(['engine/json.ps1'])
})
