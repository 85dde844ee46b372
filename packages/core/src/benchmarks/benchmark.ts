import * as z from 'zod'
import type { CredentialKind } from '../credentials/credential.ts'
import { services } from '../runner/runner.ts'

export type Level = 'L1' | 'L2'
export type Profile = 'E3-L1' | 'E3-L2' | 'E5-L1' | 'E5-L2'

export const severitySchema = z.enum(['low', 'medium', 'high', 'critical'])

/** One recommendation of a benchmark with the texts of the check that answers it. Texts are the project's own words. */
export const controlSchema = z.object({
  id: z.string(),
  check: z.string(),
  title: z.string(),
  level: z.enum(['L1', 'L2']),
  licence: z.enum(['E3', 'E5']),
  profiles: z.array(z.enum(['E3-L1', 'E3-L2', 'E5-L1', 'E5-L2'])),
  section: z.string(),
  assessment: z.enum(['automated', 'manual']),
  automated: z.boolean(),
  severity: severitySchema,
  rationale: z.string(),
  impact: z.string(),
  remediation: z.object({ portal: z.string(), command: z.string().nullable(), note: z.string().nullable() }),
  references: z.array(z.string()),
  manualSteps: z.array(z.string()),
  /** Source ids; alternatives of one need are joined with ` | `. */
  sources: z.array(z.string()),
  /** What `sources` says, taken apart: one source of each need must be read; an optional need only when the verdict turns out to want it. */
  needs: z.array(z.object({ anyOf: z.array(z.string()), optional: z.boolean() })).optional(),
  /** Names of operator inputs that the verdict may ask for. */
  inputs: z.array(z.string()),
  /** Those of `inputs` without which the verdict may stay manual. */
  requiredInputs: z.array(z.string()).optional(),
})

/** A value that only the operator knows and a verdict may ask for, e.g. the break-glass accounts. */
export const inputDefinitionSchema = z.object({
  name: z.string(),
  type: z.enum(['string[]', 'number', 'string', 'boolean']),
  description: z.string(),
})

export const credentialKinds = [
  'client_secret',
  'certificate',
  'username_password',
  'federated',
  'shared_app',
] as const satisfies readonly CredentialKind[]

/** An application permission. */
export const appRoleSchema = z.object({
  /** Whose access token names it in the claim `roles`. */
  service: z.enum(services),
  /** The API that defines it, by name and application id. */
  resource: z.string(),
  resourceAppId: z.string(),
  name: z.string(),
  /** Wider permissions of the same API that may include it. */
  mayBeIn: z.array(z.string()),
  /** Without it the service refuses the read. false: it answers, and leaves out what the permission would show. */
  gates: z.boolean(),
  /** What an administrator should know before granting it. */
  remark: z.string().nullable(),
})

/** A built-in directory role. */
export const directoryRoleSchema = z.object({ name: z.string(), templateId: z.string() })

/** A switch in a portal that no permission replaces. */
export const adminSwitchSchema = z.object({
  name: z.string(),
  /** Where it is and how it must stand. */
  instruction: z.string(),
})

/** Service plans with the same power: their name and every id they have in the clouds. */
export const servicePlanSchema = z.object({ name: z.string(), ids: z.array(z.string()) })

/** What must be there before one source can be read. */
export const sourceDefinitionSchema = z.object({
  id: z.string(),
  service: z.enum([...services, 'dns']),
  /** All of them. */
  appRoles: z.array(appRoleSchema),
  /** One role of each inner list. */
  directoryRoles: z.array(z.array(directoryRoleSchema)),
  adminSwitches: z.array(adminSwitchSchema),
  /** Demands in words that are none of the above. */
  otherDemands: z.array(z.string()),
  /** One of them; empty when every tenant has what it takes. */
  servicePlans: z.array(servicePlanSchema),
  /** Kinds of credential that the service accepts; null when it accepts all. */
  credentialKinds: z.array(z.enum(credentialKinds)).nullable(),
  /** Why no application can read it; null when one can. */
  notSupported: z.string().nullable(),
  /** Sources it is made from, or that say which objects to read: one of each inner list. */
  origins: z.array(z.array(z.string())),
  /** Sources the engine reads along with it, to find the service's address or to explain a refusal. It can be read without them. */
  supportedBy: z.array(z.string()),
})

export const benchmarkSchema = z.object({
  id: z.string(),
  version: z.string(),
  name: z.string(),
  released: z.string(),
  controls: z.array(controlSchema),
  inputs: z.array(inputDefinitionSchema).default([]),
  /** Every source that a control may name. Absent when the runner does not tell: nothing can be said before a scan then. */
  sources: z.array(sourceDefinitionSchema).optional(),
})

export type Severity = z.infer<typeof severitySchema>
export type InputDefinition = z.infer<typeof inputDefinitionSchema>
export type Control = z.infer<typeof controlSchema>
export type AppRole = z.infer<typeof appRoleSchema>
export type DirectoryRole = z.infer<typeof directoryRoleSchema>
export type AdminSwitch = z.infer<typeof adminSwitchSchema>
export type ServicePlan = z.infer<typeof servicePlanSchema>
export type SourceDefinition = z.infer<typeof sourceDefinitionSchema>
/** A named, versioned list of controls, e.g. `cis-m365` `5.0.0`. */
export type Benchmark = z.infer<typeof benchmarkSchema>

export interface BenchmarkRef {
  id: string
  version: string
}
