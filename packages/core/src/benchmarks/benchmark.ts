import * as z from 'zod'

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
  /** Names of operator inputs that the verdict may ask for. */
  inputs: z.array(z.string()),
})

/** A value that only the operator knows and a verdict may ask for, e.g. the break-glass accounts. */
export const inputDefinitionSchema = z.object({
  name: z.string(),
  type: z.enum(['string[]', 'number', 'string', 'boolean']),
  description: z.string(),
})

export const benchmarkSchema = z.object({
  id: z.string(),
  version: z.string(),
  name: z.string(),
  released: z.string(),
  controls: z.array(controlSchema),
  inputs: z.array(inputDefinitionSchema).default([]),
})

export type Severity = z.infer<typeof severitySchema>
export type InputDefinition = z.infer<typeof inputDefinitionSchema>
export type Control = z.infer<typeof controlSchema>
/** A named, versioned list of controls, e.g. `cis-m365` `5.0.0`. */
export type Benchmark = z.infer<typeof benchmarkSchema>

export interface BenchmarkRef {
  id: string
  version: string
}
