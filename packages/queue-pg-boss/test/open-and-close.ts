import { randomUUID } from 'node:crypto'
import { pgBossQueue } from '../src/index.ts'

/** Uses a queue and closes it. The process must end by itself. */
const { connectionString, name } = JSON.parse(process.argv[2] ?? '{}') as { connectionString: string; name: string }
const queue = pgBossQueue({ connectionString, name, pollMs: 500 })
await new Promise<void>((resolve, reject) => {
  queue
    .consume({
      concurrency: 3,
      deliver: async () => {
        resolve()
        return { kind: 'done' }
      },
    })
    .then(() => queue.enqueue({ platformTenantId: 'msp', m365TenantId: randomUUID(), scanId: randomUUID() }))
    .catch(reject)
})
await queue.close()
process.stdout.write('closed\n')
