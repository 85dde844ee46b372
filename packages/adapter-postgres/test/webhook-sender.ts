import { openSender } from './webhook-host.ts'

/** A process that sends what the outbox holds, until it is killed or its parent ends. */
const { url, receiverPort } = JSON.parse(process.argv[2] ?? '{}') as { url: string; receiverPort: number }
const tenantscope = openSender({ url, receiverPort, worker: { concurrency: 1 } })
process.stdin.once('end', () => void tenantscope.close()).resume()
await tenantscope.start()
