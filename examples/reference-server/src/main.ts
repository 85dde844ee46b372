import { startServer } from './server.ts'
import { readSettings } from './settings.ts'

const server = await startServer(readSettings(process.env), { logger: console })
console.log(`tenantscope reference server: ${server.url}`)

let stopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping) process.exit(1)
    stopping = true
    void server.close()
  })
}
