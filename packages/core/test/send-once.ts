import * as Effect from 'effect/Effect'
import { endpointPolicy } from '../src/webhooks/endpoint-policy.ts'
import { newEndpointSecret } from '../src/webhooks/endpoint-secret.ts'
import { sendMessage } from '../src/webhooks/send-message.ts'

/** Sends one message to a receiver on loopback and prints the answer: for what a process's environment may or may not change. */
const port = Number(process.argv[2])
const policy = endpointPolicy({
  allowedHosts: [`receiver.test:${port}`],
  allowHttp: true,
  allowPrivate: true,
  resolve: async () => ['127.0.0.1'],
})
const message = { id: 'msg_1', url: `http://receiver.test:${port}/`, secrets: [newEndpointSecret()], body: '{}' }
process.stdout.write(JSON.stringify(await Effect.runPromise(sendMessage(policy, message, new Date()))))
