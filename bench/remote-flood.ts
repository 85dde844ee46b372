import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { tenantscopeRouter } from '@tenantscope/adapter-express'
import {
  createTenantscope,
  envelopeSecretStore,
  type LaunchDocument,
  launchDocumentSchema,
  memoryStorage,
  remoteRunner,
  staticKeys,
} from '@tenantscope/core'
import { pwshRunner } from '@tenantscope/runner-pwsh'
import express from 'express'
import { line, median } from './measure.ts'

/** Connections that flood one scan, each with the next message as soon as the last was answered. */
const flooders = 16
/** Messages of the other scan in each half of a pair, and the pause between them: below the limit of its own. */
const probes = 100
const pauseMs = 55

interface Target {
  url: string
  scanId: string
  key: string
}

/** S-36: what one scan's flood of valid messages does to another scan's, as p99 of their answers beside the p99 without it. */
export async function remoteFlood(pairs: number): Promise<void> {
  const { targets, close } = await host()
  const [flooded, other] = targets as [Target, Target]
  const agent = new Agent({ keepAlive: true })
  await probe(other, agent)
  const ratios: number[] = []
  const quiet: number[] = []
  const rates: number[] = []
  for (let i = 0; i < pairs; i++) {
    const without = await probe(other, agent)
    const worker = new Worker(new URL(import.meta.url), { workerData: flooded })
    await once(worker, 'message')
    const started = performance.now()
    const during = await probe(other, agent)
    worker.postMessage('stop')
    const [answers] = (await once(worker, 'message')) as [{ taken: number; held: number }]
    rates.push(((answers.taken + answers.held) * 1_000) / (performance.now() - started))
    quiet.push(without)
    ratios.push(during / without)
  }
  agent.destroy()
  await close()
  const detail = `p99 ${median(quiet).toFixed(1)} ms without; flood ${median(rates).toFixed(0)} messages/s from ${flooders} connections on the same cores`
  line('S-36 another scan during a flood', median(ratios), 2, detail)
}

async function host(): Promise<{ targets: Target[]; close: () => Promise<void> }> {
  const launched: LaunchDocument[] = []
  const tenantscope = createTenantscope({
    storage: memoryStorage(),
    secrets: envelopeSecretStore({ keys: staticKeys([{ id: 'main', version: 1, key: randomBytes(32) }]) }),
    runner: remoteRunner({
      dispatch: async ({ launch }) => void launched.push(launchDocumentSchema.parse(JSON.parse(launch.document()))),
      receiverUrl: 'https://msp.example',
      local: pwshRunner(),
    }),
    signIn: { acquire: () => Promise.reject(new Error('Nobody asks.')), forget: () => {} },
    worker: { concurrency: 2 },
  })
  await tenantscope.start()
  const app = express()
  app.use(tenantscopeRouter({ tenantscope, authenticate: () => null, authorize: () => false }))
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { m365Tenants, scans } = tenantscope.forPlatformTenant('bench', { actor: 'bench' })
  for (const name of ['flooded', 'other']) {
    const credential = { kind: 'client_secret' as const, clientId: randomUUID(), clientSecret: 'a-secret-value' }
    const tenant = { m365TenantId: randomUUID(), name, defaultDomain: `${name}.onmicrosoft.com`, credential }
    await scans.start({ m365TenantId: (await m365Tenants.register(tenant)).id })
  }
  while (launched.length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
  const close = async () => {
    await tenantscope.close()
    server.closeAllConnections()
    server.close()
  }
  return { targets: launched.map(({ job, key }) => ({ url, scanId: job.scanId, key })), close }
}

async function probe(target: Target, agent: Agent): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < probes; i++) {
    const started = performance.now()
    const status = await send(target, agent)
    if (status !== 204) throw new Error(`A probe was answered ${status}.`)
    times.push(performance.now() - started)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  return times.sort((a, b) => a - b)[Math.floor(probes * 0.99) - 1] ?? Number.NaN
}

/** A sign of life with a kilobyte of log around it. */
function send({ url, scanId, key }: Target, agent: Agent): Promise<number> {
  const events = [{ type: 'log', level: 'debug', message: 'x'.repeat(900) }]
  const body = JSON.stringify({ scan_id: scanId, attempt: 1, sequence: 0, events })
  const id = `msg_${randomUUID()}`
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = createHmac('sha256', Buffer.from(key.slice(6), 'base64')).update(`${id}.${timestamp}.${body}`)
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature.digest('base64')}`,
  }
  return new Promise((resolve, reject) => {
    const call = request(`${url}/webhook/progress/${scanId}`, { method: 'POST', agent, headers }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
    })
    call.once('error', reject)
    call.end(body)
  })
}

async function flood(target: Target): Promise<void> {
  let stopped = false
  let taken = 0
  let held = 0
  parentPort?.once('message', () => {
    stopped = true
  })
  const agent = new Agent({ keepAlive: true, maxSockets: flooders })
  const one = async () => {
    while (!stopped) {
      const status = await send(target, agent)
      if (status === 204) taken += 1
      else if (status === 429) held += 1
      else throw new Error(`The flood was answered ${status}.`)
    }
  }
  const all = Promise.all(Array.from({ length: flooders }, one))
  parentPort?.postMessage('flooding')
  await all
  agent.destroy()
  parentPort?.postMessage({ taken, held })
}

if (!isMainThread && parentPort !== null) await flood(workerData as Target)
