import * as Effect from 'effect/Effect'
import { openStored } from '../credentials/credentials.ts'
import { isTenantscopeError, type SignInError, type TenantscopeError } from '../errors/errors.ts'
import { type CoreServices, LoggerService, now, SignInService, withStorage } from '../internal/services.ts'
import type { RunnerJob, Service } from '../runner/runner.ts'
import { type TokenAnswer, tokenQuestionSchema } from './protocol.ts'
import type { RemoteRunKey, TokenReply } from './remote-runs.ts'
import { sealTokenAnswer } from './token-seal.ts'

/**
 * A remote run gets tokens for the services that it reads and for nothing else: a stolen run key must not open the tenant's other doors.
 * SharePoint's scope carries the tenant's own host; the others are fixed per cloud.
 */
const scopes: Readonly<Record<Service, RegExp>> = {
  graph:
    /^https:\/\/(?:graph\.microsoft\.com|(?:dod-)?graph\.microsoft\.us|microsoftgraph\.chinacloudapi\.cn)\/\.default$/,
  exchange: /^https:\/\/(?:outlook\.office365\.com|outlook(?:-dod)?\.office365\.us|partner\.outlook\.cn)\/\.default$/,
  compliance: /^https:\/\/ps\.compliance\.protection\.(?:outlook\.com|office365\.us|partner\.outlook\.cn)\/\.default$/,
  teams: /^48ac35b8-9aa8-4d74-927d-1f4a14a0b239\/\.default$/,
  sharepoint: /^https:\/\/[a-z0-9-]{1,100}-admin\.sharepoint(?:\.com|\.us|-mil\.us|\.cn)\/\.default$/,
  fabric:
    /^https:\/\/(?:api\.fabric\.microsoft\.com|(?:(?:high\.|mil\.)?analysis\.usgovcloudapi\.net|analysis\.chinacloudapi\.cn)\/powerbi\/api)\/\.default$/,
}

export function allowedScope(service: Service, scope: string): boolean {
  return scopes[service].test(scope)
}

/** Opens the credential here, whatever process this is, and signs in. What leaves is an access token, sealed under the run's key. */
export function answerToken(
  params: { run: RemoteRunKey; id: string; payload: unknown; signal: AbortSignal },
  cloud: RunnerJob['cloud'],
): Effect.Effect<TokenReply, TenantscopeError, CoreServices> {
  return Effect.gen(function* () {
    const { scanId, attempt, key } = params.run
    const found = yield* withStorage((storage) => storage.remoteRuns.find({ scanId }))
    const scan = found?.scan
    const live = found && scan?.status === 'running' && scan.attempt === attempt && found.run.attempt === attempt
    if (!live || found.run.closedAt !== null || scan.cancelRequestedAt) return { kind: 'ended' } as const
    const detail = wrongWith(params.payload, { scanId, attempt })
    if (typeof detail === 'string') {
      const at = yield* now
      const log = yield* LoggerService
      log.warn('a signed question for a token was refused for what it says', { scanId, attempt, detail })
      yield* withStorage((storage) => storage.remoteRuns.countRejected({ scanId, attempt, at }))
      return { kind: 'rejected', detail } as const
    }
    const { platformTenantId, m365TenantId: id } = scan
    const owner = yield* withStorage((storage) => storage.m365Tenants.getWithCredential({ platformTenantId, id }))
    if (!owner) return { kind: 'ended' } as const
    const credential = yield* openStored(owner.credential)
    const signIn = yield* SignInService
    const { scope, refresh } = detail
    const { m365TenantId } = owner.tenant
    const answer = yield* Effect.promise(async (signal): Promise<TokenAnswer> => {
      try {
        const given = { credential, m365TenantId, cloud, scope, refresh, signal }
        const { accessToken, expiresAt } = await signIn.acquire(given)
        return { access_token: accessToken, expires_at: expiresAt.toISOString() }
      } catch (error) {
        return { error: failureOf(error) }
      }
    })
    return { kind: 'answer', sealed: sealTokenAnswer({ key, messageId: params.id, answer }) } as const
  })
}

/** The question, or what is wrong with it in words for its sender. */
function wrongWith(payload: unknown, run: { scanId: string; attempt: number }) {
  const parsed = tokenQuestionSchema.safeParse(payload)
  if (!parsed.success) return 'The question is not one of this protocol.'
  const question = parsed.data
  if (question.scan_id !== run.scanId || question.attempt !== run.attempt)
    return 'The question names another scan or another attempt than the one whose key signed it.'
  if (!allowedScope(question.service, question.scope))
    return `A scan asks no token of that scope for ${question.service}.`
  return question
}

/** The words of an error that is not ours may hold anything: they stay here. */
function failureOf(error: unknown): Extract<TokenAnswer, { error: unknown }>['error'] {
  if (isTenantscopeError(error) && error.code === 'sign_in_failed' && 'reach' in error) {
    const { message, aadstsCode, reach } = error as SignInError
    return { code: 'sign_in_failed', message, aadsts_code: aadstsCode, reach }
  }
  const message = 'The sign-in failed for an unknown reason.'
  return { code: 'sign_in_failed', message, aadsts_code: null, reach: 'transient' }
}
