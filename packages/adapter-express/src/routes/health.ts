import * as z from 'zod'
import { defineRoute, type Route } from './route.ts'

const part = z.strictObject({ ok: z.boolean(), detail: z.string().nullable() })
const healthSchema = z
  .strictObject({ ok: z.boolean(), storage: part, queue: part.optional(), runner: part })
  .meta({ id: 'Health' })

export const healthRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/health',
    action: 'health.read',
    summary: 'Are storage, queue and engine there?',
    subject: { type: 'service' },
    responses: {
      200: { description: 'All well', schema: healthSchema },
      503: { description: 'Something is missing', schema: healthSchema },
    },
    handle: async ({ service }) => {
      const { ok, ...parts } = await service.tenantscope.health()
      if (!ok) service.logger.warn('tenantscope is not healthy', parts)
      const shown = Object.entries(parts).map(([name, { ok: well, detail }]) => {
        // What a broken part says may be a driver's words; those are for the log.
        return [name, { ok: well, detail: well ? detail : null }] as const
      })
      return { status: ok ? 200 : 503, body: { ok, ...Object.fromEntries(shown) } }
    },
  }),
]
