import type { CredentialInput } from '@tenantscope/core'
import type { ProblemField } from '../problems/problem.ts'
import type { credentialKinds } from '../schemas/m365-tenant.ts'

type Kind = (typeof credentialKinds)[number]

/** The fields that carry a credential, flat in a body as the API takes them. */
export interface CredentialFields {
  auth_method?: Kind | undefined
  client_id?: string | undefined
  client_secret?: string | undefined
  certificate?: string | undefined
  certificate_password?: string | undefined
  username?: string | undefined
  password?: string | undefined
}

const fieldsOf: Readonly<
  Record<Kind, { needs: readonly (keyof CredentialFields)[]; may: readonly (keyof CredentialFields)[] }>
> = {
  client_secret: { needs: ['client_id', 'client_secret'], may: [] },
  certificate: { needs: ['client_id', 'certificate'], may: ['certificate_password'] },
  username_password: { needs: ['client_id', 'username', 'password'], may: [] },
  federated: { needs: ['client_id'], may: [] },
  shared_app: { needs: [], may: [] },
}
const all = ['client_id', 'client_secret', 'certificate', 'certificate_password', 'username', 'password'] as const

/** The method asked for, or the one that the fields make plain. */
function kindOf(fields: Record<string, unknown>): Kind | null {
  if (typeof fields.auth_method === 'string' && Object.hasOwn(fieldsOf, fields.auth_method))
    return fields.auth_method as Kind
  if (fields.client_secret !== undefined) return 'client_secret'
  if (fields.certificate !== undefined || fields.certificate_password !== undefined) return 'certificate'
  if (fields.username !== undefined || fields.password !== undefined) return 'username_password'
  return null
}

/** Says which fields are missing for the method, and which do not belong to it. */
export function checkCredentialFields(fields: Record<string, unknown>): ProblemField[] {
  const error = (field: string, detail: string): ProblemField => ({ in: 'body', pointer: field && `/${field}`, detail })
  const kind = kindOf(fields)
  if (kind === null) {
    if (fields.auth_method !== undefined) return []
    const how = 'client_secret, certificate, username with password, or auth_method "federated" or "shared_app"'
    if (fields.client_id !== undefined) return [error('client_id', `needs one of ${how} beside it.`)]
    return [error('', `needs client_id with one of ${how}.`)]
  }
  const { needs, may } = fieldsOf[kind]
  const missing = needs.filter((field) => fields[field] === undefined)
  const foreign = all.filter((field) => fields[field] !== undefined && !needs.includes(field) && !may.includes(field))
  return [
    ...missing.map((field) => error(field, `is required for ${kind}.`)),
    ...foreign.map((field) => error(field, `does not belong to ${kind}; give one method only.`)),
  ]
}

/** Null when the body has no credential. Call it on a body that passed `checkCredentialFields`. */
export function toCredentialInput(fields: CredentialFields): CredentialInput | null {
  const kind = kindOf({ ...fields })
  const { client_id: clientId = '', client_secret: clientSecret = '', username = '', password = '' } = fields
  switch (kind) {
    case null:
      return null
    case 'client_secret':
      return { kind, clientId, clientSecret }
    case 'certificate': {
      const certificatePassword = fields.certificate_password
      const certificate = fields.certificate ?? ''
      return { kind, clientId, certificate, ...(certificatePassword !== undefined && { certificatePassword }) }
    }
    case 'username_password':
      return { kind, clientId, username, password }
    case 'federated':
      return { kind, clientId }
    case 'shared_app':
      return { kind }
  }
}
