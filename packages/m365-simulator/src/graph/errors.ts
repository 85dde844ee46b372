import { randomUUID } from 'node:crypto'
import { type Answer, json } from '../engine/answers.ts'
import type { Readings } from '../tenants/types.ts'

export function graphError(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Answer {
  const id = randomUUID()
  const innerError = { date: new Date().toISOString().slice(0, 19), 'request-id': id, 'client-request-id': id }
  return json(status, { error: { code, message, innerError } }, headers)
}

/** Intune names the scopes in a JSON text, under one of two codes and statuses. */
function intuneDenied(permissions: string[], unknownError: boolean): Answer {
  const scopes = permissions.flatMap((name) => [name, name.replace('.Read.', '.ReadWrite.')]).join(', ')
  const inner = {
    _version: 3,
    Message: `Application is not authorized to perform this operation. Application must have one of the following scopes: ${scopes} - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - Activity ID: ${randomUUID()} - Url: https://fef.example.manage.microsoft.com/`,
    CustomApiErrorPhrase: '',
    RetryAfter: null,
    ErrorSourceService: '',
    HttpHeaders: '{}',
  }
  const message = JSON.stringify(inner, null, 2).replaceAll('\n', '\r\n')
  return unknownError ? graphError(401, 'UnknownError', message) : graphError(403, 'Forbidden', message)
}

/** How a workload of Graph says that an application permission is missing. */
export type DenialStyle =
  | 'directory'
  | 'conditionalAccess'
  | 'pim'
  | 'intune'
  | 'reports'
  | 'sharepoint'
  | 'orgSettings'
  | 'governance'

export function permissionMissing(style: DenialStyle, permissions: string[], readings?: Readings): Answer {
  switch (style) {
    case 'directory':
      return graphError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')
    case 'conditionalAccess':
      return graphError(
        403,
        'AccessDenied',
        'You cannot perform the requested operation, required scopes are missing in the token.',
      )
    case 'pim': {
      const message = `Authorization failed due to missing permission scope ${permissions.join(',')}.`
      const bare = { errorCode: 'PermissionScopeNotGranted', message, instanceAnnotations: [] }
      return readings?.pimDenied === 'bare' ? json(403, bare) : graphError(403, 'UnknownError', JSON.stringify(bare))
    }
    case 'intune':
      return intuneDenied(permissions, readings?.intuneDenied === 'unknownError')
    case 'reports':
      return graphError(
        403,
        'Authentication_MSGraphPermissionMissing',
        `Calling principal does not have required MSGraph permissions ${permissions.join(',')}`,
      )
    case 'sharepoint':
      return graphError(403, 'accessDenied', 'Access denied')
    case 'orgSettings':
      return graphError(403, 'Forbidden', 'Insufficient privileges to complete the operation.')
    case 'governance':
      return graphError(403, 'UnAuthorized', 'User is not authorized to perform the operation.')
  }
}

export type LicenceStyle = 'reports' | 'pim' | 'governance' | 'intune' | 'sharepoint' | 'conditionalAccess'

export function licenceMissing(style: LicenceStyle, readings?: Readings): Answer {
  switch (style) {
    case 'reports':
      return graphError(
        403,
        'Authentication_RequestFromNonPremiumTenantOrB2CTenant',
        "Neither tenant is B2C or tenant doesn't have premium license",
      )
    case 'pim':
      return graphError(
        readings?.pimWithoutP2 ?? 400,
        'AadPremiumLicenseRequired',
        'The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.',
      )
    // Whether this workload refuses at all is unknown, and so is the form of a refusal: PIM's is assumed.
    case 'conditionalAccess':
      return graphError(
        403,
        'AadPremiumLicenseRequired',
        'The tenant needs to have Microsoft Entra ID P1 or Microsoft Entra ID P2 license.',
      )
    case 'governance':
      if (readings?.accessReviewsWithoutP2 === 'denied') return permissionMissing('governance', [])
      return graphError(
        403,
        'NoLicense',
        'User is not authorized to perform the operation. Reason: Tenant does not meet license requirement!',
      )
    case 'intune':
      return graphError(400, 'BadRequest', 'Request not applicable to target tenant.')
    case 'sharepoint':
      return graphError(400, 'BadRequest', 'Tenant does not have a SPO license.')
  }
}

export function segmentUnknown(segment: string): Answer {
  return graphError(400, 'BadRequest', `Resource not found for the segment '${segment}'.`)
}

export function objectMissing(id: string): Answer {
  return graphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  )
}

export function unsupportedQuery(): Answer {
  return graphError(400, 'Request_UnsupportedQuery', 'Unsupported Query.')
}

/** The conditional access limit answers without Retry-After: `seconds` undefined. */
export function tooManyRequests(seconds: number | undefined): Answer {
  const headers = seconds === undefined ? {} : { 'retry-after': String(seconds) }
  return graphError(429, 'TooManyRequests', 'Too many requests. Please wait and try again.', headers)
}

export function serviceTrouble(status: number): Answer {
  const known: Record<number, [string, string]> = {
    401: ['InvalidAuthenticationToken', 'Lifetime validation failed, the token is expired.'],
    403: ['Authorization_RequestDenied', 'Insufficient privileges to complete the operation.'],
    404: [
      'Request_ResourceNotFound',
      'Resource does not exist or one of its queried reference-property objects are not present.',
    ],
    500: ['InternalServerError', 'Something went wrong. Please retry.'],
    502: ['BadGateway', 'Failed to connect to backend'],
    503: ['serviceNotAvailable', 'The service is temporarily unavailable. Please try again later.'],
    504: ['GatewayTimeout', 'The request timed out.'],
  }
  const [code, message] = known[status] ?? ['UnknownError', '']
  return graphError(status, code, message)
}
