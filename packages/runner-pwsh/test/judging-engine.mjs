// Stands for Start-Checks.ps1 -EvidencePath …: does what the evidence says that it should do.
import { readFileSync, statSync, writeFileSync } from 'node:fs'

const given = (name) => process.argv[process.argv.indexOf(name) + 1]
const evidence = JSON.parse(readFileSync(given('-EvidencePath'), 'utf8'))
const results = (more = {}) =>
  JSON.stringify({
    format: 'tenantscope-results/1',
    benchmark: { id: 'cis-m365', version: '5.0.0' },
    results: [{ controlId: '1.1.1', status: 'pass', reasonCode: null, message: 'Fine.', findings: [], ...more }],
  })
const modes = {
  good: () => writeFileSync(given('-OutputPath'), results()),
  arguments: () => {
    const mode = (statSync(given('-EvidencePath')).mode & 0o777).toString(8)
    const args = process.argv.slice(2).map((one) => one.replace(/.*[/\\](?=[^/\\]+\.json$)/, ''))
    writeFileSync(given('-OutputPath'), results({ message: JSON.stringify({ args, mode, folder: process.cwd() }) }))
  },
  unknownControl: () => fail(2, 'Start-Checks: CIS 5.0.0 has no control 9.9.9.'),
  unusable: () => fail(3, `Start-Checks: The file ${given('-EvidencePath')} is not evidence.`),
  crash: () => fail(1, 'Something broke.'),
  nothing: () => {},
  badStatus: () => writeFileSync(given('-OutputPath'), results({ status: 'perhaps' })),
  noJson: () => writeFileSync(given('-OutputPath'), '{'),
  hang: () => setInterval(() => {}, 1000),
}
function fail(code, words) {
  process.stderr.write(`${words}\n`, () => process.exit(code))
}
modes[evidence.mode]()
