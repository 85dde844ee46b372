import { startServer } from '../src/server.ts'
import { readSettings } from '../src/settings.ts'

// A server to be killed: its lease is short so that nobody has to wait half a minute for the sweep.
const server = await startServer(readSettings(process.env), { worker: { leaseMs: 1_500, heartbeatMs: 300 } })
console.log(`ready ${server.url}`)
