import { readRawBody } from '../http/body.ts'
import { Problem } from '../problems/problem.ts'
import { scanPath } from '../schemas/scan.ts'
import { verifiedMessageId } from '../webhook/verify.ts'
import { defineRoute, type Route } from './route.ts'

/** One answer for a bad signature, an unknown scan and a key that is over: it tells nothing about which scans there are. */
const refused = () =>
  new Problem('signature_invalid', 'The message is not signed with a key that holds for this scan now.')

export const webhookRoutes: readonly Route[] = [
  defineRoute({
    method: 'POST',
    path: '/webhook/progress/{scan_id}',
    action: 'webhook.receive',
    summary: 'Take a signed event of a remote run (Standard Webhooks)',
    security: 'signature',
    subject: { type: 'service' },
    params: scanPath,
    description:
      'For remote runs, not for callers of the API: the message proves itself by its signature over the exact bytes, within five minutes of its time.',
    rawBody: 'An event of the run. What it may hold is the affair of the host, which takes it.',
    headers: {
      'webhook-id': { description: 'The same for every delivery of one message.', required: true },
      'webhook-timestamp': { description: 'Seconds since 1970.', required: true },
      'webhook-signature': {
        description: '`v1,` and the signature in base64; several are separated by spaces.',
        required: true,
      },
    },
    responses: { 204: { description: 'Taken, or known already' } },
    handle: async ({ req, params, service }) => {
      const { webhook, limits, logger } = service
      if (webhook === null) throw refused()
      const encoding = req.headers['content-encoding'] ?? 'identity'
      if (encoding !== 'identity')
        throw new Problem('unsupported_media_type', 'Send the body without a content encoding.')
      const keys = await webhook.keysFor(params.scan_id)
      if (keys.length === 0) throw refused()
      const raw = await readRawBody(req, limits.webhookBytes)
      if (raw === null) {
        logger.error(
          'A body parser mounted before the tenantscope router has consumed a signed message: its signature cannot be checked. ' +
            'Mount the router before express.json(), or keep the bytes: express.json({ verify: (req, _res, bytes) => { req.rawBody = bytes } }).',
        )
        throw refused()
      }
      const id = verifiedMessageId(raw, req.headers, keys)
      if (id === null) throw refused()
      let payload: unknown
      try {
        payload = JSON.parse(raw.toString('utf8'))
      } catch {
        throw new Problem('malformed_json', 'The body cannot be parsed as JSON.')
      }
      await webhook.accept({ scanId: params.scan_id, id, payload })
      return { status: 204 }
    },
  }),
]
