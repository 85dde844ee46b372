// An engine that speaks docs/engine-protocol.md and does what its first argument says: the scenarios of the runner suite.
import { createInterface } from 'node:readline'

const scenario = process.argv[2]
const lines = createInterface({ input: process.stdin })
const arrived = []
const waiting = []
lines.on('line', (line) => {
  const message = JSON.parse(line)
  if (message.t === 'cancel') {
    if (scenario !== 'stubborn') end('cancelled')
    return
  }
  const next = waiting.shift()
  if (next) next(message)
  else arrived.push(message)
})
if (scenario === 'stubborn') process.on('SIGTERM', () => {})
else lines.on('close', () => process.exit(70))

const read = () => new Promise((resolve) => (arrived.length > 0 ? resolve(arrived.shift()) : waiting.push(resolve)))
const forEver = () => new Promise(() => setInterval(() => {}, 1000))
const job = await read()
let seq = 0
const send = (t, frame = {}) => {
  seq += 1
  const text = `\x1e${job.nonce} ${JSON.stringify({ t, seq, ...frame })}\n`
  return new Promise((resolve) => process.stdout.write(text, resolve))
}
const check = (controlId, status = 'pass') =>
  send('check.finished', {
    controlId,
    status,
    reasonCode: status === 'error' ? 'sign_in_failed' : null,
    message: 'Judged by a script.',
    findings: [],
    findingsTotal: 0,
    startedMs: 1,
    ms: 2,
    tookMs: 1,
  })
async function end(outcome) {
  await send('done', { outcome, ms: 10, checks: 1, sources: 0, requests: 0, peakMb: 1, cpuMs: 1 })
  process.exit(0)
}

await send('ready', { engine: '0.1.0', powershell: '7.6.9', pid: process.pid, controls: 1, sources: 0 })
if (scenario === 'judges') {
  const scope = 'https://graph.microsoft.com/.default'
  await send('token.request', { id: 1, service: 'graph', scope, refresh: false })
  await send('dns.request', { id: 2, name: `_dmarc.${job.m365Tenant.defaultDomain}` })
  const answers = [await read(), await read()]
  const refused = answers.some((answer) => answer.error)
  for (const controlId of job.controls) await check(controlId, refused ? 'error' : 'pass')
  await end('completed')
}
await check(job.controls[0])
if (scenario === 'dies') process.exit(1)
if (scenario === 'babbles') await send('check.finished', { controlId: job.controls[1], status: 'perhaps' })
await forEver()
