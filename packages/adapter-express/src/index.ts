import { documentOf } from './openapi/document.ts'
import type { OpenApiDocument, OpenApiOptions } from './openapi/types.ts'
import type { RouteInfo } from './routes/route.ts'
import { routes as table } from './routes/table.ts'

export type {
  OpenApiContent,
  OpenApiDocument,
  OpenApiOperation,
  OpenApiOptions,
  OpenApiParameter,
  OpenApiResponse,
  SecurityScheme,
} from './openapi/types.ts'
export type { Caller, Resource, RoutedTenantscope, RouterLimits, RouterOptions } from './options.ts'
export { defaultLimits } from './options.ts'
export type { ProblemCode, ProblemDetails } from './problems/problem.ts'
export { problemCodes } from './problems/problem.ts'
export { tenantscopeRouter } from './router.ts'
export type { Action, HeaderSpec, Method, ResponseSpec, RouteInfo, Subject } from './routes/route.ts'
export type { JsonSchema } from './schemas/wire-form.ts'

/** Every route there is; the router itself runs on this table. */
export const routes: readonly RouteInfo[] = table

/** The OpenAPI 3.1 document of every route, those included that a host must turn on. A router serves its own at `/openapi.json`. */
export function openApiDocument(options: OpenApiOptions = {}): OpenApiDocument {
  return documentOf(table, options)
}
