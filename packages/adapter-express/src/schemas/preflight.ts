import { preflightNeedKinds, preflightOutcomes, services, sourceStates } from '@tenantscope/core'
import * as z from 'zod'
import { line, time } from './common.ts'
import { credentialKinds } from './m365-tenant.ts'
import { checkId } from './scan.ts'
import { wireForms } from './wire-form.ts'

export const preflightQuery = z.strictObject({
  benchmark: line(100).describe('Together with `version`. Default: the first benchmark of this service.').optional(),
  version: line(50).optional(),
  check_ids: z
    .string()
    .max(20_000)
    .transform((ids) => ids.split(','))
    .pipe(z.array(checkId).max(1000))
    .register(wireForms, {
      type: 'array',
      items: { type: 'string' },
      maxItems: 1000,
      description: 'Check ids, separated by commas. Default: all of the benchmark.',
    })
    .optional(),
})

const need = z
  .strictObject({
    kind: z.enum(preflightNeedKinds),
    state: z.enum(['missing', 'unknown']),
    any_of: z.array(z.string()),
    resource: z.strictObject({ name: z.string(), app_id: z.string() }).nullable(),
    source: z.string().nullable(),
    alternative_sources: z.array(z.string()),
    optional: z.boolean(),
    message: z.string(),
  })
  .meta({ id: 'PreflightNeed' })

const grant = { held: z.boolean().nullable(), check_ids: z.array(z.string()) }

const grants = z
  .strictObject({
    app_roles: z.array(
      z.strictObject({
        resource: z.string(),
        resource_app_id: z.string(),
        app_role: z.string(),
        remark: z.string().nullable(),
        ...grant,
      }),
    ),
    directory_roles: z.array(
      z.strictObject({ any_of: z.array(z.strictObject({ name: z.string(), template_id: z.string() })), ...grant }),
    ),
    admin_switches: z.array(z.strictObject({ name: z.string(), instruction: z.string(), ...grant })),
    auth_methods: z.array(z.strictObject({ service: z.string(), any_of: z.array(z.enum(credentialKinds)), ...grant })),
    licences: z.array(z.strictObject({ any_of: z.array(z.string()), ...grant })),
    inputs: z.array(z.strictObject({ name: z.string(), description: z.string(), ...grant })),
  })
  .meta({ id: 'PreflightGrants' })

export const preflightSchema = z
  .strictObject({
    checked_at: time,
    benchmark: z.strictObject({ id: z.string(), version: z.string() }),
    auth_method: z.enum(credentialKinds),
    services: z.array(
      z.strictObject({
        service: z.enum(services),
        sign_in: z.enum(['ok', 'refused', 'failed', 'not_asked']),
        app_roles: z.array(z.string()).nullable(),
        directory_role_ids: z.array(z.string()).nullable(),
        probe: z.strictObject({
          source: z.string(),
          state: z.enum(sourceStates),
          code: z.string().nullable(),
          message: z.string().nullable(),
        }),
      }),
    ),
    counts: z.strictObject(
      Object.fromEntries(preflightOutcomes.map((outcome) => [outcome, z.number().int()])) as Record<
        (typeof preflightOutcomes)[number],
        z.ZodNumber
      >,
    ),
    checks: z.array(
      z.strictObject({
        check_id: z.string(),
        title: z.string().nullable(),
        outcome: z.enum(preflightOutcomes),
        needs: z.array(need),
      }),
    ),
    grants,
    script: z.string().describe('PowerShell that grants what is not known to be held.'),
  })
  .meta({ id: 'Preflight' })
