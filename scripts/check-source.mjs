// Rules of the house that no linter knows: sizes, names, and what a file may hold. Prints each breach and exits non-zero.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file && existsSync(file))
const breaches = []

for (const file of files) {
  if (/(^|\/)(utils?|helpers?|misc)(\/|\.|$)/i.test(file))
    breaches.push(`${file}: no utils, helpers or misc; name it by what it is`)
  if (!/\.(ts|mjs|js|ps1|sql|md)$/.test(file)) continue
  const text = readFileSync(file, 'utf8')
  const lines = text.split('\n').length
  if (/\.(ts|mjs|js|ps1)$/.test(file) && !/generated/.test(file) && lines > 500)
    breaches.push(`${file}: ${lines} lines, at most 500`)
  if (/^packages\/.*\.ts$/.test(file) && /\bsql\.begin\(/.test(text))
    breaches.push(`${file}: sql.begin loses connections; use the transaction function of the driver`)
  if (/^packages\/core\/src\/index\.ts$/.test(file) && /from 'effect/.test(text))
    breaches.push(`${file}: no Effect type in the public face`)
  if (/^powershell\/checks\/.*verdict\.ps1$/.test(file)) {
    const code = text.replace(/#.*$/gm, '')
    if (/\$\w+\[['"]/.test(code))
      breaches.push(`${file}: index access hides what was not read; use dots or the reading functions`)
    if (/Get-Date|\[datetime(offset)?\]::(Now|UtcNow)|Invoke-|\bhttp/i.test(code))
      breaches.push(`${file}: a verdict does no I/O and knows no clock`)
  }
}
for (const breach of breaches) console.error(breach)
if (breaches.length > 0) process.exit(1)
console.log(`${files.length} files keep the rules of the house`)
