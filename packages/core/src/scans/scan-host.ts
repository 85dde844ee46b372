import type { OpenCredential } from '../credentials/credential.ts'
import { isTenantscopeError, SignInError } from '../errors/errors.ts'
import type { RunnerHost, RunnerJob } from '../runner/runner.ts'
import type { SignIn } from '../runner/sign-in.ts'

/** Answers a run's questions. The credential stays here: what leaves is access tokens, for the scope asked. */
export function scanHost(params: {
  signIn: SignIn
  credential: OpenCredential
  m365TenantId: string
  cloud: RunnerJob['cloud']
  resolveTxt: (name: string) => Promise<string[][]>
  /** Called once, when Entra ID refuses the credential itself. */
  onRefused: (error: SignInError) => void
  /** For scans only: a connection test has no attempt that messages could belong to. */
  openInbox?: NonNullable<RunnerHost['openInbox']>
}): RunnerHost {
  const { signIn, credential, m365TenantId, cloud, resolveTxt } = params
  let refused = false
  return {
    token: async ({ scope, refresh, signal }) => {
      try {
        return await signIn.acquire({ credential, m365TenantId, cloud, scope, refresh, signal })
      } catch (error) {
        const failure = asSignInError(error)
        if (failure.reach === 'credential' && !refused) {
          refused = true
          params.onRefused(failure)
        }
        throw failure
      }
    },
    resolveTxt,
    ...(params.openInbox && { openInbox: params.openInbox }),
  }
}

function asSignInError(error: unknown): SignInError {
  if (isTenantscopeError(error) && error.code === 'sign_in_failed' && 'reach' in error) return error as SignInError
  return new SignInError({
    message: 'The sign-in failed for an unknown reason.',
    aadstsCode: null,
    reach: 'transient',
    cause: error,
  })
}
