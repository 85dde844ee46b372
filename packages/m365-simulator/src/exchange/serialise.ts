import { guid } from '../tenants/directory.ts'
import type { Json, JsonObject, TenantDocument } from '../tenants/types.ts'
import type { Cmdlet } from './cmdlets.ts'

const guidText = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i
const dateTimeText = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}(Z|\+00:00)$/
/** Text members that hold a GUID without being one for the service. */
const guidAsText = new Set(['externaldirectoryobjectid', 'identity', 'id', 'name'])
/** Numbers that are not Int32. */
const numberTypes: Record<string, [dataType: string, odataType?: string]> = {
  selector1keysize: ['System.UInt16', '#Decimal'],
  selector2keysize: ['System.UInt16', '#Decimal'],
  mailtipslargeaudiencethreshold: ['System.UInt32'],
}

function annotations(name: string, value: Json): JsonObject {
  const both = (dataType: string, odataType?: string) => ({
    [`${name}@data.type`]: dataType,
    ...(odataType === undefined ? {} : { [`${name}@odata.type`]: odataType }),
  })
  if (Array.isArray(value)) return { [`${name}@odata.type`]: '#Collection(String)' }
  if (typeof value === 'number') return both(...(numberTypes[name.toLowerCase()] ?? (['System.Int32'] as [string])))
  if (typeof value !== 'string') return {}
  if (guidText.test(value) && !guidAsText.has(name.toLowerCase())) return both('System.Guid', '#Guid')
  return dateTimeText.test(value) ? both('System.DateTime') : {}
}

/** The members every configuration object has besides its own. */
function commonMembers(
  tenant: TenantDocument,
  cmdlet: Pick<Cmdlet, 'name' | 'container' | 'objectClass'>,
  row: JsonObject,
): JsonObject {
  const id = guid(tenant.tenantId, cmdlet.name, String(row.Identity ?? row.Name ?? ''))
  const bare = { Id: row.Identity ?? null, IsValid: true, Guid: id }
  if (cmdlet.container === undefined) return bare
  const domain = tenant.initialDomain
  const forest = 'EURP000A000.PROD.OUTLOOK.COM'
  const name = String(row.Name ?? row.Identity ?? '')
  return {
    ...bare,
    ExchangeVersion: '0.20 (15.0.0.0)',
    DistinguishedName: `CN=${name},CN=${cmdlet.container},CN=Transport Settings,CN=Configuration,CN=${domain},CN=ConfigurationUnits,DC=EURP000A000,DC=PROD,DC=OUTLOOK,DC=COM`,
    ObjectClass: ['top', cmdlet.objectClass ?? 'top'],
    WhenChanged: '2026-01-15T09:00:05.0000000+00:00',
    WhenCreated: '2026-01-15T09:00:00.0000000+00:00',
    WhenChangedUTC: '2026-01-15T09:00:05.0000000Z',
    WhenCreatedUTC: '2026-01-15T09:00:00.0000000Z',
    ExchangeObjectId: id,
    OrganizationalUnitRoot: domain,
    OrganizationId: `${forest}/Microsoft Exchange Hosted Organizations/${domain} - ${forest}/ConfigurationUnits/${domain}/Configuration`,
    OriginatingServer: `AM0P000A00DC001.${forest}`,
  }
}

/** A row as the service writes it: common members added, $select applied, annotations before their property. */
export function serialiseRow(
  tenant: TenantDocument,
  cmdlet: Pick<Cmdlet, 'name' | 'container' | 'objectClass'>,
  row: JsonObject,
  select: string[],
): JsonObject {
  const wanted = new Set(select.map((name) => name.toLowerCase()))
  const wire: JsonObject = {}
  for (const [name, value] of Object.entries({ ...commonMembers(tenant, cmdlet, row), ...row })) {
    if (wanted.size > 0 && !wanted.has(name.toLowerCase())) continue
    Object.assign(wire, annotations(name, value))
    wire[name] = value
  }
  return wire
}

export interface Envelope {
  baseUrl: string
  tenant: TenantDocument
  rows: JsonObject[]
  warnings?: string[]
  nextLink?: string
}

export function envelope({ baseUrl, tenant, rows, warnings = [], nextLink }: Envelope): JsonObject {
  return {
    '@odata.context': `${baseUrl}/adminapi/beta/${tenant.tenantId}/$metadata#Collection(Exchange.GenericHashTable)`,
    'adminapi.warnings@odata.type': '#Collection(String)',
    '@adminapi.warnings': warnings,
    ...(nextLink === undefined ? {} : { '@odata.nextLink': nextLink }),
    value: rows,
  }
}
