import type { OpenCredential } from '../credentials/credential.ts'
import { isTenantscopeError, SignInError } from '../errors/errors.ts'
import type { RunnerHost, RunnerJob } from '../runner/runner.ts'
import type { SignIn } from '../runner/sign-in.ts'

export interface ScanHost extends RunnerHost {
  /** The refusal that makes every further read pointless, once there was one. */
  readonly refused: SignInError | null
}

/** Answers a run's questions. The credential stays here: what leaves is access tokens, for the scope asked. */
export function scanHost(params: {
  signIn: SignIn
  credential: OpenCredential
  m365TenantId: string
  cloud: RunnerJob['cloud']
  resolveTxt: (name: string) => Promise<string[][]>
  /** Called once, when Entra ID refuses the credential itself. */
  onRefused: (error: SignInError) => void
}): ScanHost {
  const { signIn, credential, m365TenantId, cloud, resolveTxt } = params
  let refused: SignInError | null = null
  return {
    get refused() {
      return refused
    },
    token: async ({ scope, refresh, signal }) => {
      try {
        return await signIn.acquire({ credential, m365TenantId, cloud, scope, refresh, signal })
      } catch (error) {
        const failure = asSignInError(error)
        if (failure.reach === 'credential' && !refused) {
          refused = failure
          params.onRefused(failure)
        }
        throw failure
      }
    },
    resolveTxt,
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
