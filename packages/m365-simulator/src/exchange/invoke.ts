import { createHash } from 'node:crypto'
import { type Answer, json } from '../engine/answers.ts'
import { openPageToken, sealPageToken } from '../engine/paging.ts'
import { hasPlan, type World } from '../engine/world.ts'
import type { AccessTokenClaims } from '../signin/tokens.ts'
import type { Json, JsonObject, TenantDocument } from '../tenants/types.ts'
import type { Cmdlet } from './cmdlets.ts'
import { badParameter, expiredPage, forbidden, malformedBody, notFound, unknownParameter } from './errors.ts'
import { envelope, serialiseRow } from './serialise.ts'

const usualPage = 1000
const cursorLifeMs = 30 * 60 * 1000

/** One InvokeCommand, alone or inside a batch. */
export interface Invocation {
  baseUrl: string
  tenant: TenantDocument
  claims: AccessTokenClaims
  cmdletName: string
  parameters: JsonObject | undefined
  search: URLSearchParams
  anchor: string
  prefer: string
  /** The URL without its query, for the next page. */
  url: string
}

export function parseCmdletInput(
  body: unknown,
): { cmdletName: string; parameters: JsonObject | undefined } | undefined {
  const input = (body as { CmdletInput?: { CmdletName?: unknown; Parameters?: unknown } } | null)?.CmdletInput
  if (typeof input?.CmdletName !== 'string') return undefined
  const parameters =
    typeof input.Parameters === 'object' && input.Parameters !== null ? (input.Parameters as JsonObject) : undefined
  return { cmdletName: input.CmdletName, parameters }
}

export function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

function parameter(parameters: JsonObject, name: string): Json | undefined {
  return Object.entries(parameters).find(([key]) => key.toLowerCase() === name)?.[1]
}

/** Parameters that narrow the list, each as the cmdlet understands it. */
function narrow(rows: JsonObject[], cmdlet: Cmdlet, parameters: JsonObject): JsonObject[] | Answer {
  const identity = parameter(parameters, 'identity')
  const kinds = parameter(parameters, 'recipienttypedetails')
  const state = parameter(parameters, 'state')
  let narrowed = rows
  if (identity !== undefined && identity !== null) {
    const wanted = String(identity).toLowerCase()
    narrowed = narrowed.filter((row) =>
      [row.Identity, row.Name, row.UserPrincipalName].some((value) => String(value ?? '').toLowerCase() === wanted),
    )
    if (narrowed.length === 0) return notFound(String(identity))
  }
  if (kinds !== undefined && cmdlet.parameters.includes('recipienttypedetails')) {
    const wanted = (Array.isArray(kinds) ? kinds : [kinds]).map((kind) => String(kind).toLowerCase())
    narrowed = narrowed.filter((row) => wanted.includes(String(row.RecipientTypeDetails).toLowerCase()))
  }
  if (state !== undefined)
    narrowed = narrowed.filter((row) => String(row.State).toLowerCase() === String(state).toLowerCase())
  return narrowed
}

function resultLimit(cmdlet: Cmdlet, parameters: JsonObject): number | Answer {
  const size = parameter(parameters, 'resultsize')
  if (size === undefined || size === null) return cmdlet.grows ? usualPage : Number.POSITIVE_INFINITY
  if (String(size).toLowerCase() === 'unlimited') return Number.POSITIVE_INFINITY
  const number = Number(size)
  return Number.isInteger(number) && number >= 0 ? number : badParameter('ResultSize', String(size))
}

function pageSize(prefer: string): number {
  const asked = Number(/odata\.maxpagesize=(\d+)/i.exec(prefer)?.[1] ?? usualPage)
  return asked > 0 ? asked : usualPage
}

/** What is wrong with the call before the cmdlet runs, in the order the service looks at it. */
export function refusal(
  cmdlet: Cmdlet | undefined,
  invocation: Invocation,
  held: readonly string[],
): Answer | undefined {
  const { claims, tenant } = invocation
  if (!claims.wids.some((role) => held.includes(role))) return forbidden()
  if (cmdlet === undefined || !claims.wids.some((role) => cmdlet.roles.includes(role))) return forbidden()
  if (cmdlet.plans !== undefined && !hasPlan(tenant, ...cmdlet.plans)) return forbidden()
  const { parameters } = invocation
  if (parameters === undefined) return malformedBody()
  const unknown = Object.keys(parameters).find(
    (name) => name.toLowerCase() !== 'identity' && !cmdlet.parameters.includes(name.toLowerCase()),
  )
  return unknown === undefined ? undefined : unknownParameter(unknown)
}

function pages(
  rows: JsonObject[],
  cmdlet: Cmdlet,
  invocation: Invocation,
  world: World,
): { rows: JsonObject[]; nextLink?: string } | Answer {
  const { search, anchor, prefer, url, parameters } = invocation
  // The cursor belongs to one back end: another anchor or another body finds nothing there.
  const body = createHash('sha256').update(JSON.stringify(parameters)).digest('base64url')
  const scope = `${url} ${cmdlet.name} ${anchor} ${body}`
  const sealed = search.get('$skiptoken')
  const token = sealed === null ? undefined : openPageToken(world.pagingKey, sealed, scope)
  if (sealed !== null && (token === undefined || Date.now() - token.issuedAt > cursorLifeMs)) return expiredPage()
  const offset = token?.offset ?? 0
  const end = offset + pageSize(prefer)
  const page = rows.slice(offset, end)
  if (end >= rows.length) return { rows: page }
  const next = new URLSearchParams(search)
  next.set('$skiptoken', sealPageToken(world.pagingKey, { offset: end, issuedAt: Date.now(), scope }))
  return { rows: page, nextLink: `${url}?${next.toString()}` }
}

/** Runs a cmdlet that may be run. */
export function run(cmdlet: Cmdlet, allRows: JsonObject[], invocation: Invocation, world: World): Answer {
  const { tenant, baseUrl, search, parameters = {} } = invocation
  const narrowed = narrow(allRows, cmdlet, parameters)
  if (!Array.isArray(narrowed)) return narrowed
  const limit = resultLimit(cmdlet, parameters)
  if (typeof limit !== 'number') return limit
  const limited = narrowed.slice(0, limit)
  const page = pages(limited, cmdlet, invocation, world)
  if ('status' in page) return page
  const select = (search.get('$select') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const warnings =
    limited.length < narrowed.length
      ? [
          'There are more results available than are currently displayed. To view them, increase the value for the ResultSize parameter.',
        ]
      : []
  const rows = page.rows.map((row) => serialiseRow(tenant, cmdlet, row, select))
  const body = envelope({
    baseUrl,
    tenant,
    rows,
    warnings,
    ...(page.nextLink === undefined ? {} : { nextLink: page.nextLink }),
  })
  return json(200, body, { 'content-type': 'application/json;odata.metadata=minimal;odata.streaming=true' })
}
