import * as z from 'zod'
import { line, paging, time } from './common.ts'

export const auditList = z.strictObject({
  resource_type: line(200).optional().describe('Kind of thing, e.g. `scan`.'),
  resource_id: line(200).optional().describe('Id of the thing.'),
  action: line(200).optional().describe('What was done, e.g. `credential.replaced`.'),
  actor: line(200).optional().describe('Who did it.'),
  since: z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-01T08:00:00Z.' }).optional(),
  ...paging,
})

export const auditEntrySchema = z
  .strictObject({
    id: z.string(),
    at: time,
    actor: z.string(),
    action: z.string(),
    resource: z.strictObject({ type: z.string(), id: z.string() }),
    request_id: z.string().nullable().describe('The X-Request-Id of the request that did it.'),
    detail: z.record(z.string(), z.unknown()).describe('Names of what changed; never a secret.'),
  })
  .meta({ id: 'AuditEntry' })
