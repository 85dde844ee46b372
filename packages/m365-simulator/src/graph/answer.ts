import { type Answer, json } from '../engine/answers.ts'
import { openPageToken, sealPageToken } from '../engine/paging.ts'
import type { World } from '../engine/world.ts'
import propertyNames from '../tenants/data/graph-properties.json' with { type: 'json' }
import type { JsonObject, Readings, TenantDocument } from '../tenants/types.ts'
import {
  graphError,
  type LicenceStyle,
  licenceMissing,
  objectMissing,
  permissionMissing,
  segmentUnknown,
  unsupportedQuery,
} from './errors.ts'
import { parseFilter, UnsupportedFilterError } from './filter.ts'
import type { Read, Version } from './reads.ts'
import { licensed, type Route, routes } from './routes.ts'

const graphBase = 'https://graph.microsoft.com'

const contentType = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8'

/** One read, alone or as a part of a batch. */
export interface GraphRequest {
  version: Version
  /** Below the version, decoded, starting with a slash. */
  path: string
  /** As it was sent, for the link to the next page. */
  query: string
  search: URLSearchParams
  tenant: TenantDocument
  roles: string[]
}

export interface Found {
  route: Route
  params: string[]
  source: string
}

export function findRoute(version: Version, path: string, search: URLSearchParams): Found | undefined {
  for (const route of routes) {
    const match = route.pattern.exec(path)
    if (match === null || !route.versions.includes(version)) continue
    const name = typeof route.source === 'function' ? route.source(search) : route.source
    const source = version === 'beta' ? `graph/beta/${name}` : `graph/${name}`
    return { route, params: match.slice(1), source }
  }
  return undefined
}

/** The segment the service would name: the first one that no route of this version knows. */
function unknownSegment(version: Version, path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '')
  const known = new Set(
    routes
      .filter((route) => route.versions.includes(version))
      .flatMap((route) => route.pattern.source.match(/[A-Za-z][\w]+/g) ?? []),
  )
  return segments.find((segment) => !known.has(segment)) ?? segments.at(-1) ?? ''
}

function propertiesOf(version: Version, type: string): Set<string> | undefined {
  const names = propertyNames[version] as Record<string, string>
  const types = type === 'member' ? ['user', 'group', 'servicePrincipal'] : [type]
  const found = types.flatMap(
    (name) => names[name]?.split(' ') ?? (propertyNames['v1.0'] as Record<string, string>)[name]?.split(' ') ?? [],
  )
  return found.length === 0 ? undefined : new Set(found)
}

function expandedNames(search: URLSearchParams): string[] {
  return (search.get('$expand') ?? '').split(/,(?![^(]*\))/).map((part) => part.trim().split('(')[0] ?? '')
}

function project(row: JsonObject, names: string[], request: GraphRequest, type: string | undefined): JsonObject {
  const { version } = request
  const expanded = expandedNames(request.search)
  const picked: JsonObject = {}
  // The type of a member is data: it stays whatever was selected.
  if (row['@odata.type'] !== undefined) picked['@odata.type'] = row['@odata.type']
  const ownType =
    String(row['@odata.type'] ?? '')
      .split('.')
      .at(-1) ?? ''
  const own = type === 'member' ? propertiesOf(version, ownType) : undefined
  // Expanded objects come along although $select does not name them.
  for (const name of expanded) if (row[name] !== undefined) picked[name] = row[name]
  for (const name of names) if (own === undefined || own.has(name)) picked[name] = row[name] ?? null
  return picked
}

function context(request: GraphRequest, names: string[], entity: boolean): string {
  const selected = names.length > 0 ? `(${names.join(',')})` : ''
  return `${graphBase}/${request.version}/$metadata#${request.path.slice(1)}${selected}${entity ? '/$entity' : ''}`
}

function nextLink(request: GraphRequest, token: string): string {
  const kept = request.query.split('&').filter((part) => part !== '' && !/^(\$|%24)skiptoken=/i.test(part))
  return `${graphBase}/${request.version}${encodeURI(request.path)}?${[...kept, `$skiptoken=${token}`].join('&')}`
}

function collection(request: GraphRequest, found: Found, rows: JsonObject[], names: string[], world: World): Answer {
  const filter = request.search.get('$filter')
  const filtered = filter === null ? rows : rows.filter(parseFilter(filter))
  const { page } = found.route
  const asked = Number(request.search.get('$top') ?? page?.usual ?? 0)
  if (page !== undefined && (!Number.isInteger(asked) || asked < 1 || asked > page.most))
    return graphError(
      400,
      'Request_UnsupportedQuery',
      `Invalid page size specified: '${request.search.get('$top')}'. Must be between 1 and ${page.most} inclusive.`,
    )
  const scope = `graph ${request.tenant.tenantId} ${request.version}${request.path}`
  const sealed = request.search.get('$skiptoken')
  const token = sealed === null ? undefined : openPageToken(world.pagingKey, sealed, scope)
  if (sealed !== null && token === undefined)
    return graphError(
      400,
      'Directory_ExpiredPageToken',
      'The specified page token value has expired and can no longer be included in your request.',
    )
  const offset = token?.offset ?? 0
  const size = page === undefined ? filtered.length : asked
  const end = offset + size
  const more = end < filtered.length
  const body = {
    '@odata.context': context(request, names, false),
    ...(request.search.get('$count') === 'true' ? { '@odata.count': filtered.length } : {}),
    ...(more
      ? {
          '@odata.nextLink': nextLink(
            request,
            sealPageToken(world.pagingKey, { offset: end, issuedAt: Date.now(), scope }),
          ),
        }
      : {}),
    value: filtered
      .slice(offset, end)
      .map((row) => (names.length > 0 ? project(row, names, request, found.route.type) : row)),
  }
  return json(200, body, { 'content-type': contentType })
}

function render(request: GraphRequest, found: Found, read: Read, world: World): Answer {
  const { type } = found.route
  const names = (request.search.get('$select') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const known = type === undefined ? undefined : propertiesOf(request.version, type)
  const unknown = known === undefined ? undefined : names.find((name) => !known.has(name.split('/')[0] ?? name))
  if (unknown !== undefined)
    return graphError(
      400,
      'BadRequest',
      `Could not find a property named '${unknown}' on type 'microsoft.graph.${type}'.`,
    )
  switch (read.kind) {
    case 'missing':
      return read.code === undefined ? objectMissing(read.id) : graphError(404, read.code, read.message ?? '')
    case 'denied':
      return permissionMissing(found.route.denial, found.route.permissions, request.tenant.readings)
    case 'collection':
      return collection(request, found, read.rows, names, world)
    case 'single': {
      const value = names.length > 0 ? project(read.value, names, request, type) : read.value
      return json(
        200,
        { '@odata.context': context(request, names, read.entity !== false), ...value },
        { 'content-type': contentType },
      )
    }
  }
}

/** Filters that a set insists on. */
function missingFilter(found: Found, search: URLSearchParams): boolean {
  if (!found.source.endsWith('policies/roleManagementPolicyAssignments')) return false
  const filter = search.get('$filter') ?? ''
  return !filter.includes('scopeId') || !filter.includes('scopeType')
}

/** Workloads that may show an empty list where the licence is missing, instead of saying so. */
function answersEmpty(style: LicenceStyle, readings: Readings): boolean {
  if (style === 'conditionalAccess') return readings.conditionalAccessWithoutP1 === 'emptyList'
  return style === 'governance' && readings.accessReviewsWithoutP2 === 'emptyList'
}

export function ordinaryAnswer(request: GraphRequest, found: Found | undefined, world: World): Answer {
  if (found === undefined) return segmentUnknown(unknownSegment(request.version, request.path))
  const { route, params } = found
  const { readings } = request.tenant
  if (!route.permissions.some((permission) => request.roles.includes(permission)))
    return permissionMissing(route.denial, route.permissions, readings)
  if (!licensed(request.tenant, route) && route.licence !== undefined)
    return answersEmpty(route.licence.style, readings)
      ? collection(request, found, [], [], world)
      : licenceMissing(route.licence.style, readings)
  if (missingFilter(found, request.search)) return unsupportedQuery()
  try {
    return render(
      request,
      found,
      route.read({
        tenant: request.tenant,
        version: request.version,
        params,
        search: request.search,
        roles: request.roles,
      }),
      world,
    )
  } catch (error) {
    if (error instanceof UnsupportedFilterError) return unsupportedQuery()
    throw error
  }
}
