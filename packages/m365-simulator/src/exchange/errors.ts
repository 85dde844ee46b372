import { type Answer, bytes, empty, json } from '../engine/answers.ts'

const exceptionType = 'Microsoft.Exchange.Admin.OData.Core.ODataServiceException'

export function unauthorized(): Answer {
  const challenge =
    'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="00000001-0000-0000-c000-000000000000@*", token_types="app_asserted_user_v1", error="invalid_token"'
  return empty(401, { 'www-authenticate': challenge })
}

/** One answer for a missing role, a role without the cmdlet, an unknown cmdlet and a missing licence: not JSON, NUL bytes. */
export function forbidden(): Answer {
  return bytes(403, Buffer.alloc(16), { 'content-type': 'application/json' })
}

function invalidOperation(status: number, inner: { message: string; type: string }, details: boolean): Answer {
  return json(status, {
    error: {
      code: 'BadRequest',
      message: 'Invalid Operation',
      ...(details ? { details: [{ code: 'Client', target: '', message: `|${inner.type}|${inner.message}` }] } : {}),
      innererror: {
        message: 'Invalid Operation',
        type: exceptionType,
        stacktrace: '',
        internalexception: { ...inner, stacktrace: '' },
      },
    },
  })
}

export function unknownParameter(name: string): Answer {
  const message = `Parameter set cannot be resolved using the specified named parameters. Invalid cmdlet parameters specified. ${name}`
  return invalidOperation(
    400,
    { message, type: 'Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException' },
    true,
  )
}

export function badParameter(name: string, value: string): Answer {
  const message = `Cannot process argument transformation on parameter '${name}'. Cannot convert value "${value}" ...`
  return invalidOperation(
    400,
    { message, type: 'Microsoft.Exchange.AdminApi.CommandInvocation.ParameterTransformationException' },
    false,
  )
}

/** Status and text were measured; the exception's type name is not known. */
export function expiredPage(): Answer {
  const message = 'Expired or Invalid pagination request. Default Expiry time is 00:30:00'
  return invalidOperation(400, { message, type: 'Microsoft.Exchange.AdminApi.PaginationException' }, false)
}

export function malformedBody(): Answer {
  return invalidOperation(
    400,
    { message: 'The request body is not a CmdletInput.', type: 'System.ArgumentException' },
    false,
  )
}

export function notFound(identity: string): Answer {
  const text = `The operation couldn't be performed because object '${identity}' couldn't be found on 'AM0P000A00DC001.EURP000A000.PROD.OUTLOOK.COM'.`
  return json(404, {
    error: {
      code: 'NotFound',
      message: 'Error executing cmdlet',
      details: [
        {
          code: 'Context',
          target: '',
          message: `Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|${text}`,
        },
      ],
      innererror: {
        message: 'Error executing cmdlet',
        type: exceptionType,
        stacktrace: '   at Microsoft.Exchange.AdminApi.CommandInvocation...',
      },
    },
  })
}

export function throttled(seconds: number | undefined): Answer {
  return json(
    429,
    { error: { code: 'TooManyRequests', message: 'Too many requests' } },
    seconds === undefined ? {} : { 'retry-after': String(seconds) },
  )
}

export function trouble(status: number): Answer {
  if (status === 401) return unauthorized()
  if (status === 403) return forbidden()
  if (status === 503) return empty(503)
  const detail = { Message: 'A server side error has occurred.', TypeName: 'System.Exception', InnerError: null }
  return json(status, {
    error: {
      code: 'InternalServerError',
      message: 'Error executing cmdlet',
      details: [{ code: 'Context', target: '', message: JSON.stringify(detail) }],
    },
  })
}
