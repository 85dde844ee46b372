import { Webhook } from 'standardwebhooks'
import { afterEach } from 'vitest'
import type { Tenantscope, TenantscopeOptions } from '../src/tenantscope.ts'
import type { WebhooksOptions } from '../src/webhooks/webhook-options.ts'
import { started } from './fixture.ts'
import { type Received, type Receiver, receiver } from './receiver.ts'
import { checked, done, type Script } from './scripted-runner.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

export async function listening(...args: Parameters<typeof receiver>): Promise<Receiver> {
  const made = await receiver(...args)
  closers.push(made.close)
  return made
}

/** Lets messages go to receivers on loopback, under any name below `test`. */
export const toLoopback = (
  receivers: readonly { port: number }[],
  over: Partial<WebhooksOptions> = {},
): WebhooksOptions => ({
  allowedHosts: receivers.map(({ port }) => `*.test:${port}`),
  allowHttp: true,
  allowPrivate: true,
  resolve: async () => ['127.0.0.1'],
  pollMs: 20,
  retryDelaysMs: [10, 10, 10],
  ...over,
})

export const urlOf = (target: { port: number }, path = '/hook') => `http://receiver.test:${target.port}${path}`

const script: Script = async function* () {
  yield checked('1.1.1', 'fail')
  yield done()
}

/** A tenantscope with one M365 tenant and one endpoint for each receiver; closed after the test. */
export async function withEndpoints(
  receivers: readonly Receiver[],
  options: Partial<TenantscopeOptions> & { outgoing?: Partial<WebhooksOptions> } = {},
) {
  const { outgoing, ...rest } = options
  const fixture = await started(script, { webhooks: toLoopback(receivers, outgoing), ...rest })
  closeAfter(fixture.tenantscope)
  const endpoints = []
  for (const target of receivers) endpoints.push(await fixture.scope.webhooks.create({ url: urlOf(target) }))
  const runScan = async () => {
    const scan = await fixture.scope.scans.start({ m365TenantId: fixture.tenant.id })
    return fixture.scope.scans.finished(scan.id)
  }
  return { ...fixture, endpoints, runScan }
}

export function closeAfter(tenantscope: Tenantscope): void {
  closers.push(() => tenantscope.close())
}

/** What the library for receivers says to a message: its content, or it throws. */
export const verified = (secret: string, message: Received) =>
  new Webhook(secret).verify(message.body, message.headers) as {
    type: string
    timestamp: string
    data: Record<string, unknown>
  }
