import * as z from 'zod'
import { runnerEventSchema, services } from '../runner/runner.ts'

/** What goes over the wire between a host and the process that runs a scan elsewhere. Both sides hold to these schemas. */

/** The largest message a receiver takes unless it says otherwise (413), in bytes. */
export const defaultMessageBytes = 1024 * 1024

/** An event that came in pieces may be this large, in bytes of its JSON. */
export const largestEventBytes = 64 * 1024 * 1024

const jobSchema = z.object({
  scanId: z.string().min(1).max(100),
  attempt: z.number().int().positive(),
  benchmark: z.object({ id: z.string().max(100), version: z.string().max(50) }),
  controlIds: z.array(z.string().max(50)).max(1_000),
  scanStartedAt: z.iso.datetime().transform((text) => new Date(text)),
  m365Tenant: z.object({ id: z.string().max(100), defaultDomain: z.string().max(300) }),
  credentialKind: z.enum(['client_secret', 'certificate', 'username_password', 'federated', 'shared_app']),
  cloud: z.enum(['commercial', 'gcc', 'gccHigh', 'dod', 'china']),
  inputs: z.record(z.string(), z.unknown()),
  keepEvidence: z.boolean(),
  timeoutMs: z.number().positive(),
})

/** What the launcher hands to the remote process over its standard input: the job, where to report, and the key that signs. It holds a secret. */
export const launchDocumentSchema = z.object({
  format: z.literal('tenantscope-launch/1'),
  job: jobSchema,
  /** Base URL of the API: messages go to `<url>/webhook/progress/<scan>`, questions for tokens to `<url>/webhook/token/<scan>`. */
  receiverUrl: z.url({ protocol: /^https?$/ }).max(2_000),
  /** May the receiver be asked over plain HTTP although it is not on this machine? */
  allowHttp: z.boolean(),
  /** `whsec_` and 32 bytes in base64. */
  key: z.string().regex(/^whsec_[A-Za-z0-9+/]{43}=$/),
  /** A sign of life at least this often. */
  heartbeatMs: z.number().int().positive(),
})
export type LaunchDocument = z.output<typeof launchDocumentSchema>

const index = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)

/**
 * One message of a run. Events are numbered from 0 over the whole attempt; `sequence` is the number of the first one in this message, so that a receiver
 * sees what is missing and drops what it has. No events: a sign of life. `fragment`: some bytes, from `offset` on, of the JSON of one event that is larger than a message may be.
 */
export const remoteMessageSchema = z.strictObject({
  scan_id: z.string().max(100),
  attempt: z.number().int().positive(),
  sequence: index,
  events: z.array(runnerEventSchema).max(10_000).default([]),
  fragment: z.strictObject({ offset: index, last: z.boolean(), data: z.base64().min(4) }).nullish(),
  /** In the last message: how many events there were in all. */
  total: index.nullish(),
})
export type RemoteMessage = z.output<typeof remoteMessageSchema>

/** A question for an access token. */
export const tokenQuestionSchema = z.strictObject({
  scan_id: z.string().max(100),
  attempt: z.number().int().positive(),
  service: z.enum(services),
  scope: z.string().max(300),
  refresh: z.boolean(),
})
export type TokenQuestion = z.output<typeof tokenQuestionSchema>

/** What is inside a sealed answer. */
export const tokenAnswerSchema = z.union([
  z.object({ access_token: z.string(), expires_at: z.iso.datetime() }),
  z.object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      aadsts_code: z.string().nullable(),
      reach: z.enum(['credential', 'service', 'transient']),
    }),
  }),
])
export type TokenAnswer = z.output<typeof tokenAnswerSchema>
