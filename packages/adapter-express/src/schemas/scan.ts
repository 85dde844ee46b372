import { scanStatuses } from '@tenantscope/core'
import * as z from 'zod'
import { guid, line, paging, time } from './common.ts'
import { wireForms } from './wire-form.ts'

const level = z.enum(['L1', 'L2'])
export const checkId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/, 'must be a check id such as 1.1.1.')

const scanId = guid.describe('Id of the scan.')
export const scanPath = z.strictObject({ scan_id: scanId })
export const resultPath = z.strictObject({
  scan_id: scanId,
  check_id: checkId.describe('Number of the control (`1.1.2`); `1.1.2_any_words` means the same.'),
})

export const scanStart = z
  .strictObject({
    m365_tenant_id: guid.describe('Row id of the M365 tenant, or its GUID at Microsoft.'),
    l1_only: z.boolean().nullable().describe('The same as `level: "L1"`.').optional(),
    check_ids: z.array(checkId).min(1, 'must name one check at least, or be left out.').max(1000).nullable().optional(),
    output_format: z.enum(['json', 'csv', 'xlsx', 'pdf']).nullable().optional(),
    benchmark: z
      .strictObject({ id: line(100), version: line(50) })
      .describe('Default: the first benchmark of this service.')
      .optional(),
    level: level.nullable().optional(),
    profile: z.enum(['E3-L1', 'E3-L2', 'E5-L1', 'E5-L2']).nullable().optional(),
  })
  .meta({
    id: 'ScanStart',
    examples: [
      { m365_tenant_id: '660636d5-cb4e-4816-b1b8-f5afc446f583' },
      { m365_tenant_id: '660636d5-cb4e-4816-b1b8-f5afc446f583', check_ids: ['1.1.1', '5.2.2.3'] },
    ],
  })

export const scanList = z.strictObject({
  m365_tenant_id: guid.describe('Only scans of this M365 tenant: row id or GUID at Microsoft.').optional(),
  status: z.enum(scanStatuses).optional(),
  since: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-01-31T08:00:00Z.' })
    .describe('Only scans created at this time or later.')
    .optional(),
  ...paging,
})

export const resultWireStatuses = ['Pass', 'Fail', 'Error', 'Manual', 'NotApplicable', 'NotRun'] as const

/** A filter takes `fail` and `not_run` as well as `Fail` and `NotRun`: people type it by hand. */
function spelledAsWire(status: unknown): unknown {
  if (typeof status !== 'string') return status
  const plain = status.toLowerCase().replaceAll('_', '')
  return resultWireStatuses.find((one) => one.toLowerCase() === plain) ?? status
}

export const resultList = z.strictObject({
  status: z
    .preprocess(spelledAsWire, z.enum(resultWireStatuses))
    .register(wireForms, {
      type: 'string',
      enum: [...resultWireStatuses],
      description: 'Taken in any case, with or without underscores: `not_run` means NotRun.',
    })
    .optional(),
  category: level.optional(),
  check_id: checkId.describe('Number of the control, or the long form that begins with it.').optional(),
  section: line(200).optional(),
  q: line(200).describe('Part of the check id or the message, in any case.').optional(),
  ...paging,
})

export const streamQuery = z.strictObject({
  last_event_id: z.string().max(200).describe('For clients that cannot set Last-Event-ID, which wins.').optional(),
})

const counts = {
  total_checks: z.number().int(),
  passed: z.number().int(),
  failed: z.number().int(),
  errors: z.number().int(),
  manual: z.number().int(),
  not_applicable: z.number().int(),
  not_run: z.number().int(),
}

const scoreSchema = z
  .strictObject({
    value: z.number().nullable().describe('passed / of, from 0 to 1; null while nothing is judged.'),
    passed: z.number().int(),
    of: z.number().int(),
  })
  .meta({ id: 'Score' })

const coverageSchema = z
  .strictObject({
    value: z.number().describe('judged / of, from 0 to 1.'),
    judged: z.number().int(),
    of: z.number().int(),
    not_judged: z
      .strictObject({
        manual: z.number().int(),
        not_applicable: z.number().int(),
        error: z.number().int(),
        not_run: z.number().int(),
      })
      .describe('Why the others were not judged: how many of each. What has no result yet counts as not_run.'),
  })
  .meta({ id: 'Coverage' })

const status = {
  scan_id: z.string(),
  status: z.enum(scanStatuses),
  progress_percentage: z.number().int(),
  current_check: z.string().nullable(),
  ...counts,
  score: scoreSchema,
  coverage: coverageSchema,
  attempt: z.number().int(),
  failure_reason: z.string().nullable(),
  error_message: z.string().nullable(),
  started_at: time.nullable(),
  completed_at: time.nullable(),
}
/** What `progress` and `complete` events carry. */
export const scanProgressSchema = z
  .strictObject({
    ...status,
    snapshot: z
      .literal(true)
      .describe('The whole state at once, for a client whose last event is not known here.')
      .optional(),
  })
  .meta({ id: 'ScanProgress' })

/** What `error` events carry. */
export const streamErrorSchema = z
  .looseObject({
    scan_id: z.string(),
    code: z.string().nullable().describe('The failure reason of the scan, or the code of a problem.'),
    error_message: z.string().nullable(),
    retryable: z
      .boolean()
      .describe('true: trouble of the stream, come back. false: the scan has failed, with the fields of progress.'),
  })
  .meta({ id: 'StreamError' })

export const scanSchema = z
  .strictObject({
    ...status,
    m365_tenant_id: z.string(),
    tech_type: z.literal('M365'),
    benchmark: z.strictObject({ id: z.string(), version: z.string() }),
    scan_options: z.strictObject({
      l1_only: z.boolean(),
      level: level.nullable(),
      profile: z.string().nullable(),
      check_ids: z.array(z.string()).nullable(),
      output_format: z.string().nullable(),
    }),
    cancel_requested: z.boolean(),
    created_at: time,
    created_by: z.string(),
  })
  .meta({ id: 'Scan' })

/** What a `check` event carries. */
export const checkEventSchema = z
  .strictObject({
    check_id: z.string(),
    title: z.string().nullable(),
    category: level.nullable(),
    section: z.string().nullable(),
    severity: z.string().nullable(),
    status: z.enum(resultWireStatuses),
    status_id: z.number().int().describe('Pass 1, Manual 2, Fail and Error 3, NotApplicable 4, NotRun 5.'),
    reason_code: z.string().nullable(),
    message: z.string(),
    error: z.string().nullable(),
    duration: z.number().nullable().describe('In seconds.'),
    details_total: z.number().int().describe('Rows of details there are, which a list may cut.'),
  })
  .meta({ id: 'CheckEvent' })

const row = {
  scan_id: z.string(),
  m365_tenant_id: z.string(),
  tech_type: z.literal('M365'),
  ...checkEventSchema.shape,
  start_time: time.nullable(),
  end_time: time,
  details: z.array(
    z.strictObject({
      ResourceName: z.string(),
      Property: z.string(),
      IsCompliant: z.boolean(),
      Expected: z.unknown(),
      Actual: z.unknown(),
      ResourceId: z.string(),
    }),
  ),
}
export const resultSchema = z.strictObject(row).meta({ id: 'Result' })

export const controlWireSchema = z
  .strictObject({
    control: z.string(),
    check: z.string(),
    title: z.string(),
    level,
    licence: z.enum(['E3', 'E5']),
    profiles: z.array(z.string()),
    section: z.string(),
    assessment: z.enum(['automated', 'manual']),
    automated: z.boolean(),
    severity: z.string(),
    rationale: z.string(),
    impact: z.string(),
    remediation: z.strictObject({ portal: z.string(), command: z.string().nullable(), note: z.string().nullable() }),
    references: z.array(z.string()),
    manual_steps: z.array(z.string()),
    sources: z.array(z.string()),
    inputs: z.array(z.string()),
  })
  .meta({ id: 'Control' })

export const wholeResultSchema = z
  .strictObject({ ...row, control: controlWireSchema.nullable() })
  .meta({ id: 'WholeResult' })

export const benchmarkWireSchema = z
  .strictObject({
    id: z.string(),
    version: z.string(),
    name: z.string(),
    released: z.string(),
    total_controls: z.number().int(),
    inputs: z
      .array(z.strictObject({ name: z.string(), type: z.string(), description: z.string() }))
      .describe('Operator inputs that its controls may ask for.'),
  })
  .meta({ id: 'Benchmark' })
