import type { BenchmarkRef } from '../benchmarks/benchmark.ts'
import type { CredentialKind } from '../credentials/credential.ts'
import type { Service, SourceState } from '../runner/runner.ts'

/**
 * Will a control be judged by a scan that starts now?
 *
 * - `will_run`: everything it needs can be read.
 * - `needs_input`: so it can, but its verdict may stay manual until an operator input is given.
 * - `will_not_run`: something is certainly missing; the scan will answer `error`, or `not_applicable` where a licence is missing.
 * - `manual`: a person must look, whatever is granted. Its needs still say what of its evidence cannot be read.
 * - `unknown`: what could be found out does not decide it; its needs say why.
 */
export const preflightOutcomes = ['will_run', 'needs_input', 'will_not_run', 'manual', 'unknown'] as const
export type PreflightOutcome = (typeof preflightOutcomes)[number]

/**
 * What a need is about. `service`: the service itself, its address or its health. `sign_in`: no access token. `no_api`: no application can read it.
 * `demand`: something that the source demands in words. `declaration`: nothing says how to read the source.
 */
export const preflightNeedKinds = [
  'app_role',
  'directory_role',
  'licence',
  'credential_kind',
  'operator_input',
  'admin_switch',
  'sign_in',
  'service',
  'no_api',
  'demand',
  'declaration',
] as const
export type PreflightNeedKind = (typeof preflightNeedKinds)[number]

/** Something that stands in the way of a control, or that nobody can tell. */
export interface PreflightNeed {
  kind: PreflightNeedKind
  /** `missing` is certain. `unknown`: the message says what could not be found out. */
  state: 'missing' | 'unknown'
  /** One of these cures it: names of app roles, directory roles, service plans, kinds of credential, inputs, switches; the code of a refusal. */
  anyOf: string[]
  /** The API that defines an app role; null for other kinds. */
  resource: { name: string; appId: string } | null
  /** The source that needs it; null for an operator input. */
  sourceId: string | null
  /** Sources that the control would take instead: curing one of them is enough. */
  alternativeSourceIds: string[]
  /** The verdict runs without this source and asks for it only in some tenants. */
  optional: boolean
  /** What is wrong and what to do, in words. */
  message: string
}

export interface PreflightControl {
  controlId: string
  outcome: PreflightOutcome
  /** Empty when nothing stands in the way. */
  needs: PreflightNeed[]
}

/** What one service said. */
export interface PreflightService {
  service: Service
  signIn: 'ok' | 'refused' | 'failed' | 'not_asked'
  /** Claim `roles` of the access token: the app roles it carries. null: no token, or one that cannot be looked into. */
  appRoles: string[] | null
  /** Claim `wids`: template ids of directory roles. null as above, or when the token has no such claim. */
  directoryRoleIds: string[] | null
  /** The one source that was read to see. */
  probe: { sourceId: string; state: SourceState; code: string | null; message: string | null }
}

interface Grant {
  /** null: it could not be found out. */
  held: boolean | null
  /** The controls that use it. */
  controlIds: string[]
}

/** Everything that the chosen controls need, held or not. */
export interface PreflightGrants {
  appRoles: (Grant & { resource: string; resourceAppId: string; appRole: string; remark: string | null })[]
  directoryRoles: (Grant & { anyOf: { name: string; templateId: string }[] })[]
  adminSwitches: (Grant & { name: string; instruction: string })[]
  credentialKinds: (Grant & { service: Service | 'dns'; anyOf: CredentialKind[] })[]
  licences: (Grant & { anyOf: string[] })[]
  /** Operator inputs without which a verdict may stay manual. */
  inputs: (Grant & { name: string; description: string })[]
}

/** What a scan that starts now would be able to judge. Nothing of it is stored. */
export interface Preflight {
  at: Date
  benchmark: BenchmarkRef
  credentialKind: CredentialKind
  services: PreflightService[]
  counts: Record<PreflightOutcome, number>
  /** In the benchmark's order. */
  controls: PreflightControl[]
  grants: PreflightGrants
  /** PowerShell (Microsoft.Graph module) that an administrator of the M365 tenant can read and run to grant what is not known to be held. */
  script: string
}
