// A small engine that behaves as its first argument says. It speaks docs/engine-protocol.md, well or badly.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const mode = process.argv[2]
const lines = createInterface({ input: process.stdin })
const waiting = []
const arrived = []
lines.on('line', (line) => {
  const message = JSON.parse(line)
  if (message.t === 'cancel' && onCancel) return onCancel()
  const next = waiting.shift()
  next ? next(message) : arrived.push(message)
})
// The lifeline, unless the mode is about an engine that ignores it.
lines.on('close', () => !deaf && process.exit(70))
let deaf = false
let onCancel = () => end('cancelled')
const read = () => new Promise((resolve) => (arrived.length > 0 ? resolve(arrived.shift()) : waiting.push(resolve)))
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const forEver = () => new Promise(() => setInterval(() => {}, 1000))

const job = await read()
let seq = 0
const text = (frame) => `\x1e${job.nonce} ${JSON.stringify({ seq: ++seq, ...frame })}`
const raw = (bytes) => new Promise((resolve) => process.stdout.write(bytes, resolve))
const send = (t, frame = {}) => raw(`${text({ t, ...frame })}\n`)
const ready = () => send('ready', { engine: '0.1.0', powershell: '7.6.9', pid: process.pid, controls: 1, sources: 1 })
const log = (message) => send('log', { level: 'info', message })
const check = (controlId = '1.1.1', more = {}) =>
  send('check.finished', {
    controlId,
    status: 'pass',
    reasonCode: null,
    message: 'Fine.',
    findings: [],
    findingsTotal: 0,
    startedMs: 1,
    ms: 5,
    tookMs: 2,
    ...more,
  })
async function end(outcome = 'completed') {
  await send('done', { outcome, ms: 10, checks: 1, sources: 1, requests: 2, peakMb: 50, cpuMs: 8 })
  process.exit(0)
}
/** Starts a child that lives for an hour. Its process id goes to the host as a log. */
async function child(options, script = 'setTimeout(() => {}, 3600000)') {
  const started = spawn(process.execPath, ['-e', script], { stdio: 'inherit', ...options })
  started.unref()
  await log(`pid ${started.pid}`)
}

const modes = {
  async good() {
    await ready()
    await send('source.read', { id: 'graph/a', state: 'read', ms: 3, tookMs: 2, requests: 1, items: 2, error: null })
    await send('evidence', { id: 'graph/a', state: 'read', data: [1, 2], error: null })
    await send('something.new', { x: 1 })
    await check()
    await end()
  },
  async echo() {
    await log(JSON.stringify({ job, args: process.argv.slice(3), env: process.env }))
    await end()
  },
  async asks() {
    await send('token.request', {
      id: 1,
      service: 'graph',
      scope: 'https://graph.microsoft.com/.default',
      refresh: false,
    })
    await send('dns.request', { id: 2, name: '_dmarc.contoso.com' })
    await log(JSON.stringify([await read(), await read()].sort((a, b) => a.id - b.id)))
    await end()
  },
  async leaks() {
    await send('token.request', {
      id: 1,
      service: 'graph',
      scope: 'https://graph.microsoft.com/.default',
      refresh: false,
    })
    const { accessToken } = await read()
    await log(`the token is ${accessToken} and Bearer abcdefghijkl`)
    await check('1.1.1', { message: `I saw ${accessToken}`, findings: [] })
    process.stderr.write(`\x1b[31mauthorization: Bearer ${accessToken}\x1b[0m\n`)
    process.exit(1)
  },
  async splitLeak() {
    await send('token.request', {
      id: 1,
      service: 'graph',
      scope: 'https://graph.microsoft.com/.default',
      refresh: false,
    })
    const { accessToken } = await read()
    process.stderr.write(accessToken.slice(0, 9))
    await wait(50)
    process.stderr.write(accessToken.slice(9))
    await wait(50)
    process.exit(1)
  },
  async noise() {
    await raw('WARNING: a module says hello\n\x1b[32mcolour\x1b[0m\r\n')
    await raw(Buffer.from([0xff, 0xfe, 0x41, 0x00, 0x0a, 0xef, 0xbb, 0xbf]))
    await raw(`${text({ t: 'log', level: 'info', message: 'after a BOM, with CRLF' })}\r\n`)
    await raw(`prefix without a line feed ${text({ t: 'log', level: 'info', message: 'inside a line' })}\n`)
    await raw(`\x1eAAAAAAAAAAAAAAAA {"t":"check.finished","seq":1,"controlId":"1.1.1","status":"pass"}\n`)
    await raw(`\x1e${job.nonce} {"t":"check.finished","seq":99,"contr`)
    await raw(`${text({ t: 'log', level: 'info', message: 'behind a torn one' })}\n`)
    const bad = Buffer.from(`${text({ t: 'log', level: 'info', message: 'XX' })}\n`)
    bad[bad.indexOf('XX')] = 0xff
    await raw(bad)
    for (const byte of Buffer.from(`${text({ t: 'log', level: 'info', message: 'byte by byte: ü €' })}\n`))
      await raw(Buffer.from([byte]))
    await raw(
      `${text({ t: 'log', level: 'info', message: 'one of two' })}\n${text({ t: 'log', level: 'info', message: 'two of two' })}\n`,
    )
    await end()
  },
  async torn() {
    await check()
    await raw(text({ t: 'check.finished', controlId: '1.1.2' }).slice(0, 60))
    process.exit(1)
  },
  async afterDone() {
    await send('done', { outcome: 'completed', ms: 1, checks: 0, sources: 0, requests: 0, peakMb: 1, cpuMs: 1 })
    await check()
    process.exit(0)
  },
  async exitZero() {
    await check()
    process.exit(0)
  },
  async exitOne() {
    process.stderr.write('A frightful thing happened.\n')
    process.exit(1)
  },
  async kill() {
    process.kill(process.pid, 'SIGKILL')
    await forEver()
  },
  async segv() {
    process.kill(process.pid, 'SIGSEGV')
    await forEver()
  },
  async silent() {
    await ready()
    await forEver()
  },
  async heart() {
    for (let beat = 0; beat < 8; beat++) {
      await wait(100)
      await send('heartbeat', { ms: beat * 100 })
    }
    await end()
  },
  async stubborn() {
    deaf = true
    onCancel = () => {}
    process.on('SIGTERM', () => {})
    await log(`pid ${process.pid}`)
    await child({ detached: true }, 'process.on("SIGTERM", () => {}); setTimeout(() => {}, 3600000)')
    await forEver()
  },
  async holder() {
    await child({})
    await check()
    process.exit(0)
  },
  async session() {
    await child({ detached: true, stdio: 'ignore' })
    await child({ detached: true, stdio: 'ignore', env: {} })
    await check()
    await send('heartbeat', { ms: 1 })
    await wait(500)
    await end()
  },
  async beat() {
    await child({})
    for (;;) {
      await send('heartbeat', { ms: 1 })
      await wait(100)
    }
  },
  async slowCancel() {
    onCancel = async () => {
      await check()
      await end('cancelled')
    }
    await log(`pid ${process.pid}`)
    await forEver()
  },
  async flood() {
    await child({})
    const block = 'x'.repeat(64 * 1024)
    for (let n = 0; n < 1600; n++) await raw(block)
    await forEver()
  },
  async manyLines() {
    const block = `${'y'.repeat(1023)}\n`.repeat(64)
    for (let n = 0; n < 4000; n++) await raw(block)
    await end()
  },
  async stderrFlood() {
    const block = Buffer.alloc(1024 * 1024, `${'z'.repeat(1023)}\n`)
    for (let n = 0; n < 100; n++) await new Promise((resolve) => process.stderr.write(block, resolve))
    process.stderr.write('the last line\n', () => process.exit(1))
  },
  async bigFrame() {
    await log('m'.repeat(2 * 1024 * 1024))
    await end()
  },
  async bigEvidence() {
    await send('evidence', { id: 'graph/big', state: 'read', data: 'e'.repeat(3 * 1024 * 1024), error: null })
    await end()
  },
  async badShape() {
    await check('1.1.1', { status: 'perhaps' })
    await forEver()
  },
  async foreignControl() {
    await check('9.9.9')
    await forEver()
  },
  async replay() {
    await send('heartbeat', { ms: 1 })
    await raw(`\x1e${job.nonce} {"t":"heartbeat","seq":1,"ms":2}\n`)
    await forEver()
  },
  async badScope() {
    await send('token.request', {
      id: 1,
      service: 'graph',
      scope: 'https://graph.microsoft.com/User.Read offline_access',
      refresh: false,
    })
    await forEver()
  },
  async burst() {
    for (let n = 0; n < 20_000; n++) await log(`line ${n}`)
    await end()
  },
}
await modes[mode]()
