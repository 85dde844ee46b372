import { randomUUID } from 'node:crypto'
import type { Json, JsonObject, SharePointData, TenantDocument } from '../tenants/types.ts'

const libraryVersion = '16.0.25000.12000'
const tenantType = 'Microsoft.Online.SharePoint.TenantAdministration.Tenant'
const siteMethods = ['GetSitePropertiesFromSharePointByFilters', 'GetSitePropertiesFromSharePoint']

function headerElement(error: { message: string; code: number; type: string } | null): JsonObject {
  const trace = randomUUID()
  const info = error && {
    ErrorMessage: error.message,
    ErrorValue: null,
    TraceCorrelationId: trace,
    ErrorCode: error.code,
    ErrorTypeName: error.type,
  }
  return { SchemaVersion: '15.0.0.0', LibraryVersion: libraryVersion, ErrorInfo: info, TraceCorrelationId: trace }
}

/** CSOM reports every failure after authentication as 200 with ErrorInfo in element 0. */
function csomFailure(message: string, code: number, type: string): Json[] {
  return [headerElement({ message, code, type })]
}

export function accessDenied(): Json[] {
  return csomFailure(
    'Access denied. You do not have permission to perform this action or access this resource.',
    -2147024891,
    'System.UnauthorizedAccessException',
  )
}

/** Numbers that REST writes as text and CSOM as numbers. */
function csomValue(name: string, value: Json): Json {
  if (name === 'StorageQuota' && typeof value === 'string') return Number(value)
  if (name === 'AllowedDomainListForSyncClient' && Array.isArray(value))
    return value.map((guid) => `/Guid(${String(guid)})/`)
  return value
}

function tenantObject({ tenantId, sharepoint }: TenantDocument): JsonObject {
  const own = Object.fromEntries(
    Object.entries(sharepoint.tenant).map(([name, value]) => [name, csomValue(name, value)]),
  )
  return {
    _ObjectType_: tenantType,
    _ObjectIdentity_: `${randomUUID()}|908bed80-a04a-4433-b4a0-883d9847d11d:${tenantId}\nTenant`,
    ...own,
  }
}

interface SiteQuery {
  personal: string
  startIndex: string
  template: string | undefined
}

function siteQuery(xml: string): SiteQuery {
  const property = (name: string) => new RegExp(`<Property Name="${name}"[^>]*>([^<]*)</Property>`).exec(xml)?.[1]
  // The older method takes its start as a bare parameter and knows no filter for OneDrive.
  const older = /Name="GetSitePropertiesFromSharePoint"[^>]*>\s*<Parameters>\s*<Parameter Type="String">([^<]*)</.exec(
    xml,
  )?.[1]
  const byFilters = xml.includes('Name="GetSitePropertiesFromSharePointByFilters"')
  return {
    personal: byFilters ? (property('IncludePersonalSite') ?? '0') : '1',
    startIndex: property('StartIndex') ?? older ?? '0',
    template: property('Template'),
  }
}

function siteRows(sharepoint: SharePointData, { personal, template }: SiteQuery): JsonObject[] {
  return sharepoint.sites.filter((site) => {
    const isPersonal = String(site.Template).startsWith('SPSPERS')
    if (template !== undefined && template !== '' && site.Template !== template) return false
    return personal === '1' || !isPersonal
  })
}

function sitePage(sharepoint: SharePointData, xml: string): JsonObject {
  const query = siteQuery(xml)
  const rows = siteRows(sharepoint, query)
  const start = /^\d+$/.test(query.startIndex) ? Number(query.startIndex) : 0
  const end = start + sharepoint.sitePageSize
  return {
    _ObjectType_: 'Microsoft.Online.SharePoint.TenantAdministration.SPOSitePropertiesEnumerable',
    NextStartIndex: -1,
    NextStartIndexFromSharePoint: end < rows.length ? String(end) : null,
    _Child_Items_: rows.slice(start, end).map((site) => ({
      _ObjectType_: 'Microsoft.Online.SharePoint.TenantAdministration.SiteProperties',
      _ObjectIdentity_: `${randomUUID()}\nSiteProperties\n${encodeURIComponent(String(site.Url)).toLowerCase()}`,
      ...site,
    })),
  }
}

export interface CsomAnswer {
  body: Json[]
  sources: string[]
}

/** Answers the two reads a scanner makes; several actions may share one request. */
export function processQuery(tenant: TenantDocument, xml: string): CsomAnswer {
  const unknown = csomFailure('The method is not known.', -1, 'Microsoft.SharePoint.Client.InvalidClientQueryException')
  const objectPaths = new Map<string, string>()
  for (const [, id = ''] of xml.matchAll(/<Constructor Id="(\d+)"/g)) objectPaths.set(id, 'tenant')
  for (const [, id = '', name = ''] of xml.matchAll(/<Method Id="(\d+)"[^>]*Name="(\w+)"/g))
    objectPaths.set(id, siteMethods.includes(name) ? 'sites' : 'unknown')
  const actions = [...xml.matchAll(/<(ObjectPath|Query) Id="(\d+)" ObjectPathId="(\d+)"/g)]
  if (actions.length === 0) return { body: unknown, sources: [] }
  const body: Json[] = [headerElement(null)]
  const sources: string[] = []
  for (const [, kind, id, pathId = ''] of actions) {
    const path = objectPaths.get(pathId)
    if (path === undefined || path === 'unknown') return { body: unknown, sources: [] }
    body.push(Number(id))
    if (kind === 'ObjectPath') body.push({ IsNull: false })
    else {
      sources.push(path === 'tenant' ? 'sharepoint/tenant' : 'sharepoint/sites')
      body.push(path === 'tenant' ? tenantObject(tenant) : sitePage(tenant.sharepoint, xml))
    }
  }
  return { body, sources }
}

/** CSOM escapes the slashes of its GUIDs; JSON readers see no difference, byte readers do. */
export function csomText(body: Json[]): string {
  return JSON.stringify(body).replace(/"\/(Guid\([^)]*\))\/"/g, '"\\/$1\\/"')
}

export function requestedSources(xml: string): string[] {
  const sites = siteMethods.some((name) => xml.includes(`Name="${name}"`))
  return sites ? ['sharepoint/sites'] : ['sharepoint/tenant']
}

/** Whether a site list is asked for from somewhere else than its beginning. */
export function isLaterPage(xml: string): boolean {
  return requestedSources(xml)[0] === 'sharepoint/sites' && Number(siteQuery(xml).startIndex) > 0
}
