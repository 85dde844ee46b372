import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { started } from '../../test/fixture.ts'
import { done } from '../../test/scripted-runner.ts'
import { closeAfter, toLoopback, urlOf } from '../../test/webhook-fixture.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The example of the guide, as a process of its own. */
function runExample(secret: string, port: number) {
  const guide = readFileSync(new URL('../../../../docs/webhooks.md', import.meta.url), 'utf8')
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(guide) ?? []
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8')
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  stops.push(async () => {
    child.kill()
    await ended
  })
  return { lines: () => output.split('\n').filter((line) => line !== '') }
}

it('the receiver of docs/webhooks.md takes what is sent to it, once, and refuses what is signed otherwise', async () => {
  const port = await freePort()
  const { scope, tenant, tenantscope } = await started(
    async function* () {
      yield done()
    },
    { webhooks: toLoopback([{ port }], { retryDelaysMs: Array(500).fill(50) }) },
  )
  closeAfter(tenantscope)
  const { endpoint, secret } = await scope.webhooks.create({ url: urlOf({ port }) })
  const example = runExample(secret, port)
  const scan = await scope.scans.start({ m365TenantId: tenant.id })
  await expect.poll(() => example.lines(), { timeout: 20_000 }).toEqual([`scan.completed ${scan.id}`])
  const status = async () => (await scope.webhooks.deliveries(endpoint.id)).data[0]?.status
  await expect.poll(status).toBe('delivered')
  const [delivery] = (await scope.webhooks.deliveries(endpoint.id)).data
  await scope.webhooks.redeliver(endpoint.id, delivery?.id ?? '')
  await expect.poll(status).toBe('delivered')
  expect(example.lines()).toHaveLength(1)
  await scope.webhooks.rotateSecret(endpoint.id, { overlapMs: 0 })
  await scope.webhooks.test(endpoint.id)
  await expect.poll(async () => (await scope.webhooks.deliveries(endpoint.id)).data[0]?.responseStatus).toBe(401)
  expect(example.lines()).toHaveLength(1)
})
