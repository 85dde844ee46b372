export type { Caller, Resource, RoutedTenantscope, RouterLimits, RouterOptions, WebhookOptions } from './options.ts'
export { defaultLimits } from './options.ts'
export type { ProblemCode, ProblemDetails } from './problems/problem.ts'
export { problemCodes } from './problems/problem.ts'
export { tenantscopeRouter } from './router.ts'
export type { Action, Method, ResponseSpec, RouteInfo, Subject } from './routes/route.ts'

import type { RouteInfo } from './routes/route.ts'
import { routes as table } from './routes/table.ts'

/** Every route there is; the router itself runs on this table. */
export const routes: readonly RouteInfo[] = table
