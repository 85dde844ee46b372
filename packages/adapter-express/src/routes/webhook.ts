import type { Acceptance, RemoteRunKey, RemoteRuns } from '@tenantscope/core'
import type { Request } from 'express'
import * as z from 'zod'
import { readRawBody } from '../http/body.ts'
import { whileConnected } from '../http/while-connected.ts'
import { Problem } from '../problems/problem.ts'
import { scanPath } from '../schemas/scan.ts'
import { verifiedMessageId } from '../webhook/verify.ts'
import { defineRoute, type HeaderSpec, type Route, type ServiceContext } from './route.ts'

/** One answer for a bad signature, an unknown scan and a key that is over: it tells nothing about which scans there are. */
const refused = () =>
  new Problem('signature_invalid', 'The message is not signed with a key that holds for this scan now.')

const signedHeaders: Readonly<Record<string, HeaderSpec>> = {
  'webhook-id': { description: 'The same for every delivery of one message.', required: true },
  'webhook-timestamp': { description: 'Seconds since 1970.', required: true },
  'webhook-signature': {
    description: '`v1,` and the signature in base64; several are separated by spaces.',
    required: true,
  },
}

interface SignedMessage {
  remoteRuns: RemoteRuns
  run: RemoteRunKey
  id: string
  payload: unknown
  bytes: number
}

/** The content of a message, once its signature holds over the very bytes. Nothing of it is looked into before. */
async function signedMessage(req: Request, scanId: string, service: ServiceContext): Promise<SignedMessage> {
  const { limits, logger, remoteRuns } = service
  if (remoteRuns === null) throw refused()
  const waitMs = remoteRuns.busy(scanId)
  if (waitMs !== null) throw busy(waitMs)
  const encoding = req.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') throw new Problem('unsupported_media_type', 'Send the body without a content encoding.')
  const run = await remoteRuns.keyFor(scanId)
  if (run === null) throw refused()
  const raw = await readRawBody(req, limits.webhookBytes)
  if (raw === null) {
    logger.error(
      'A body parser mounted before the tenantscope router has consumed a signed message: its signature cannot be checked. ' +
        'Mount the router before express.json(), or keep the bytes: express.json({ verify: (req, _res, bytes) => { req.rawBody = bytes } }).',
    )
    throw refused()
  }
  const id = verifiedMessageId(raw, req, [run.key])
  if (id === null) throw refused()
  try {
    return { remoteRuns, run, id, payload: JSON.parse(raw.toString('utf8')), bytes: raw.length }
  } catch {
    throw new Problem('malformed_json', 'The body cannot be parsed as JSON.')
  }
}

function busy(retryAfterMs: number): Problem {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000))
  const headers = { 'Retry-After': String(seconds) }
  return new Problem('too_many_messages', `Too much at once for this scan: send it again in ${seconds} s.`, { headers })
}

/** What stops a sender, or lets it wait. */
function refusalOf(outcome: Exclude<Acceptance, { kind: 'stored' } | { kind: 'known' }>): Problem {
  switch (outcome.kind) {
    case 'ended':
      return new Problem('run_ended', 'This attempt of the scan is over: stop.')
    case 'rejected':
      return new Problem('message_rejected', outcome.detail)
    case 'busy':
      return busy(outcome.retryAfterMs)
  }
}

export const webhookRoutes: readonly Route[] = [
  defineRoute({
    method: 'POST',
    path: '/webhook/progress/{scan_id}',
    action: 'webhook.receive',
    summary: 'Take signed events of a remote run (Standard Webhooks)',
    security: 'signature',
    subject: { type: 'service' },
    params: scanPath,
    description:
      'For remote runs, not for callers of the API: the message proves itself by its signature over the exact bytes, within five minutes of its time, by the ' +
      'key of the attempt that runs now. 410 tells the run that it is over, 413 to send less at once, 429 to wait.',
    rawBody: 'Numbered events of the run, or a piece of one: see docs/remote-runs.md.',
    headers: signedHeaders,
    problems: ['message_rejected', 'run_ended', 'too_many_messages'],
    responses: { 204: { description: 'Taken, or known already' } },
    handle: async ({ req, params, service }) => {
      const { remoteRuns, ...message } = await signedMessage(req, params.scan_id, service)
      const outcome = await remoteRuns.accept(message)
      if (outcome.kind === 'stored' || outcome.kind === 'known') return { status: 204 }
      throw refusalOf(outcome)
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/webhook/token/{scan_id}',
    action: 'webhook.token',
    summary: 'Give a remote run an access token',
    security: 'signature',
    subject: { type: 'service' },
    params: scanPath,
    description:
      'For remote runs, signed like their messages. The credential stays with this service: what leaves is one access token for one service that scans read, ' +
      "sealed under the run's own key and this very question.",
    rawBody: 'Which service and scope: see docs/remote-runs.md.',
    headers: signedHeaders,
    problems: ['message_rejected', 'run_ended', 'too_many_messages', 'credential_missing'],
    responses: {
      200: {
        description: 'The sealed answer: a token, or why there is none',
        schema: z.strictObject({ sealed: z.string().describe('Base64, AES-256-GCM.') }),
      },
    },
    handle: async ({ req, res, params, service }) => {
      const { remoteRuns, run, id, payload } = await signedMessage(req, params.scan_id, service)
      const reply = await whileConnected(res, (signal) => remoteRuns.token({ run, id, payload, signal }))
      if (reply.kind !== 'answer') throw refusalOf(reply)
      return { status: 200, body: { sealed: reply.sealed } }
    },
  }),
]
