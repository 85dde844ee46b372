export { nodeResolveTxt, type ResolveTxtOptions } from './dns/resolve-txt.ts'
export type { FrameLimits } from './protocol/frame-reader.ts'
export { type PwshRunnerOptions, pwshRunner } from './runner.ts'
export { type MsalSignIn, type MsalSignInOptions, msalSignIn } from './tokens/msal-sign-in.ts'
