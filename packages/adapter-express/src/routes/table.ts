import { auditRoutes } from './audit.ts'
import { benchmarkRoutes } from './benchmarks.ts'
import { docsRoutes } from './docs.ts'
import { healthRoutes } from './health.ts'
import { m365TenantRoutes } from './m365-tenants.ts'
import { preflightRoutes } from './preflight.ts'
import type { Route } from './route.ts'
import { scanRoutes } from './scans.ts'
import { streamRoutes } from './stream.ts'
import { webhookRoutes } from './webhook.ts'
import { webhookEndpointRoutes } from './webhook-endpoints.ts'

/** Every route there is: validation, routing, authorisation and documents are made from this table. */
export const routes: readonly Route[] = [
  ...m365TenantRoutes,
  ...preflightRoutes,
  ...scanRoutes,
  ...streamRoutes,
  ...webhookRoutes,
  ...webhookEndpointRoutes,
  ...auditRoutes,
  ...benchmarkRoutes,
  ...healthRoutes,
  ...docsRoutes,
]
