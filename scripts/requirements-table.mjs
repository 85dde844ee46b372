// From titles of tests to a table of requirements. No I/O: scripts/requirements.mjs hands everything in.
import path from 'node:path'

const idPattern = /\b([SRF])-(\d{2})\b/g
/** `S-03…S-08` and `S-30 to S-33` in a title name every id between. */
const rangePattern = /\b([SRF])-(\d{2})(?:…|\.\.\.| to )\1-(\d{2})\b/g

/** `{ id, words }` of each `- **S-01** words` line. Throws when an id comes twice. */
export function readRequirements(markdown) {
  const found = [...markdown.matchAll(/^- \*\*([SRF]-\d{2})\*\* (.+)$/gm)].map(([, id, words]) => ({ id, words }))
  const ids = found.map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice) throw new Error(`docs/requirements.md has ${twice} twice.`)
  return found
}

/** What `vitest list --json` wrote. */
export function testsOfList(list, root) {
  return list.map(({ name, file }) => ({ title: name, file: relative(root, file), state: 'listed' }))
}

/** What the JSON reporter wrote. */
export function testsOfReport(report, root) {
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status }) => ({ title: fullName, file: relative(root, name), state: status })),
  )
}

export function idsOfTitle(title) {
  const ids = new Set([...title.matchAll(idPattern)].map(([id]) => id))
  for (const [, letter, from, to] of title.matchAll(rangePattern))
    for (let number = Number(from); number <= Number(to); number++)
      ids.add(`${letter}-${String(number).padStart(2, '0')}`)
  return ids
}

/** For each requirement its test files, each with the number of tests by state. */
export function collectProofs(requirements, tests) {
  const byId = new Map(requirements.map(({ id }) => [id, new Map()]))
  for (const { title, file, state } of tests)
    for (const id of idsOfTitle(title)) {
      const files = byId.get(id)
      if (!files) continue
      const states = files.get(file) ?? {}
      states[state] = (states[state] ?? 0) + 1
      files.set(file, states)
    }
  return requirements.map(({ id, words }) => ({ id, words, files: byId.get(id) }))
}

/** A Markdown table, and below it the ids that no test names. */
export function renderTable(proofs) {
  const rows = proofs.flatMap(({ id, words, files }) =>
    files.size === 0
      ? [`| ${id} | ${words} | – | no test |`]
      : [...files].map(([file, states]) => `| ${id} | ${words} | ${file} | ${describe(states)} |`),
  )
  const without = proofs.filter(({ files }) => files.size === 0).map(({ id }) => id)
  return [
    '| id | what | test file | result |',
    '|---|---|---|---|',
    ...rows,
    '',
    `${proofs.length - without.length} of ${proofs.length} ids have a test.`,
    without.length === 0 ? '' : `Without a test: ${without.join(', ')}`,
  ].join('\n')
}

function describe(states) {
  return Object.entries(states)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ')
}

function relative(root, file) {
  return path.relative(root, file).split(path.sep).join('/')
}
