import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { addEndpoint, addRunning, deliveriesOf, finishOf } from '@tenantscope/conformance'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, it } from 'vitest'
import { postgresStorage } from '../src/index.ts'
import { missingPostgres, newDatabase } from './databases.ts'
import { openSender } from './webhook-host.ts'

const missing = missingPostgres()
const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Message {
  headers: Record<string, string>
  body: string
}

/** Takes every message; one for which `swallow` says so gets no answer. */
async function receiver(swallow: () => boolean = () => false) {
  const received: Message[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const message = { headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString('utf8') }
    received.push(message)
    if (!swallow()) response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return { port: (server.address() as AddressInfo).port, received }
}

function startSender(url: string, receiverPort: number): ChildProcess {
  const script = join(import.meta.dirname, 'webhook-sender.ts')
  const args = ['--conditions=@tenantscope/source', script, JSON.stringify({ url, receiverPort })]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  closers.push(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return child
}

async function installation(receiverPort: number) {
  const database = await newDatabase()
  closers.push(() => database.drop())
  const api = openSender({ url: database.url, receiverPort, worker: false })
  closers.push(() => api.close())
  await api.start()
  const { webhooks } = api.forPlatformTenant('msp-1', { actor: 'ann' })
  const { endpoint, secret } = await webhooks.create({ url: `http://receiver.test:${receiverPort}/` })
  return { database, webhooks, endpoint, secret }
}

const ids = (messages: readonly Message[]) => messages.map(({ headers }) => headers['webhook-id'])

describe.skipIf(missing)(`outgoing webhooks on PostgreSQL${missing ? ` (${missing})` : ''}`, () => {
  it('a sender killed between sending and writing it down: the message comes again under the same webhook-id', async () => {
    let sender: ChildProcess | null = null
    const target = await receiver(() => sender?.kill('SIGKILL') === true)
    const { database, webhooks, endpoint, secret } = await installation(target.port)
    sender = startSender(database.url, target.port)
    const { id } = await webhooks.test(endpoint.id)
    await once(sender, 'exit')
    sender = null
    expect(target.received).toHaveLength(1)
    expect((await webhooks.deliveries(endpoint.id)).data).toMatchObject([{ id, status: 'pending', attempts: 1 }])
    // Half a minute later, as the database sees it.
    await database.admin(`update tenantscope.webhook_deliveries set leased_until = now()`)
    startSender(database.url, target.port)
    await expect.poll(() => target.received.length, { timeout: 20_000 }).toBe(2)
    expect(new Set(ids(target.received))).toEqual(new Set([`msg_${id}`]))
    for (const { body, headers } of target.received) new Webhook(secret).verify(body, headers)
    await expect
      .poll(async () => (await webhooks.deliveries(endpoint.id)).data)
      .toMatchObject([{ id, status: 'delivered', attempts: 2 }])
  })

  it('the end of a scan and its deliveries are one write: a fault in either leaves neither', async () => {
    const database = await newDatabase()
    closers.push(() => database.drop())
    const storage = postgresStorage({ url: database.url, maxConnections: 3 })
    closers.push(() => storage.close())
    await storage.migrate()
    const refuse = (table: string) =>
      database.admin(`alter table tenantscope.${table} add constraint fault check (false) not valid`)
    const allow = (table: string) => database.admin(`alter table tenantscope.${table} drop constraint fault`)
    const scan = await addRunning(storage)
    const { platformTenantId, id: scanId } = scan
    const endpoint = await addEndpoint(storage, platformTenantId)
    const count = async () => (await deliveriesOf(storage, endpoint)).length
    const status = async () => (await storage.scans.get({ platformTenantId, scanId }))?.status
    for (const table of ['webhook_deliveries', 'scan_events']) {
      await refuse(table)
      await expect(storage.work.finish(finishOf(scan))).rejects.toMatchObject({ code: 'storage_refused' })
      await allow(table)
      expect([table, await status(), await count()]).toEqual([table, 'running', 0])
    }
    await storage.work.finish(finishOf(scan))
    expect([await status(), await count()]).toEqual(['completed', 1])
  })

  it('two senders deliver each of forty messages once', async () => {
    const target = await receiver()
    const { database, webhooks, endpoint } = await installation(target.port)
    startSender(database.url, target.port)
    startSender(database.url, target.port)
    const sent = new Set<string>()
    const storage = postgresStorage({ url: database.url, maxConnections: 1 })
    closers.push(() => storage.close())
    const { platformTenantId, id: endpointId } = endpoint
    const event = { platformTenantId, eventType: 'scan.completed', scanId: null, payload: {}, endpointId } as const
    for (let i = 0; i < 40; i += 1) await storage.webhooks.enqueue({ ...event, at: new Date() })
    for (const { id } of (await webhooks.deliveries(endpointId, { limit: 200 })).data) sent.add(`msg_${id}`)
    const left = async () => (await webhooks.deliveries(endpoint.id, { status: 'pending' })).data.length
    await expect.poll(left, { timeout: 20_000 }).toBe(0)
    expect(ids(target.received).sort()).toEqual([...sent].sort())
    const { data } = await webhooks.deliveries(endpoint.id, { status: 'delivered' })
    expect([data.length, new Set(data.map(({ attempts }) => attempts))]).toEqual([40, new Set([1])])
  })
})
