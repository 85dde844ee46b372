import { randomUUID } from 'node:crypto'
import { openTokenAnswer, type RunnerHost, SignInError } from '@tenantscope/core'
import { type PostTimes, type Receiver, signedPost } from './signed-post.ts'

/** How long a question for a token may be tried before its service counts as not reachable. */
const patienceMs = 120_000

/** Answers the engine's questions in the remote process: tokens come from the receiver, which alone has the credential; names are looked up here. */
export function remoteHost(params: {
  receiver: Receiver
  attempt: number
  times: PostTimes
  resolveTxt: (name: string) => Promise<string[][]>
  onFailure: (words: string) => void
  /** Entra ID refuses the credential itself: nothing can be read with it. */
  onRefused: (error: SignInError) => void
}): RunnerHost {
  const { receiver, attempt, times, resolveTxt, onFailure, onRefused } = params
  return {
    resolveTxt,
    token: async ({ service, scope, refresh, signal }) => {
      const id = `msg_${randomUUID()}`
      const body = JSON.stringify({ scan_id: receiver.scanId, attempt, service, scope, refresh })
      const patience = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
      const sealed = await signedPost({ receiver, route: 'token', id, body, signal: patience, times, onFailure })
        .then(({ text }) => (JSON.parse(text) as { sealed: string }).sealed)
        .catch((error: unknown) => {
          throw unavailable(error)
        })
      const answer = openedAnswer({ key: receiver.key, messageId: id, sealed })
      if ('access_token' in answer) return { accessToken: answer.access_token, expiresAt: new Date(answer.expires_at) }
      const { message, aadsts_code: aadstsCode, reach } = answer.error
      const refusal = new SignInError({ message, aadstsCode, reach })
      if (reach === 'credential') onRefused(refusal)
      throw refusal
    },
  }
}

function openedAnswer(params: Parameters<typeof openTokenAnswer>[0]): ReturnType<typeof openTokenAnswer> {
  try {
    return openTokenAnswer(params)
  } catch (error) {
    throw unavailable(error)
  }
}

function unavailable(cause: unknown): SignInError {
  const message = 'The host that signs in could not be asked for a token.'
  return new SignInError({ message, aadstsCode: null, reach: 'transient', cause })
}
