import { services } from '@tenantscope/core'
import * as z from 'zod'
import { guid, line, paging, text, time } from './common.ts'

export const credentialKinds = ['client_secret', 'certificate', 'username_password', 'federated', 'shared_app'] as const

const secret = z.string().min(1, 'must not be empty.').max(4096).meta({ writeOnly: true })
const certificate = z
  .string()
  .min(1, 'must not be empty.')
  .max(96_000)
  .meta({ description: 'PEM with its private key, or a PFX file in base64.', writeOnly: true })
const credentialFields = {
  auth_method: z.enum(credentialKinds).describe('May be left out where the other fields make it plain.').optional(),
  client_id: line(200).describe('Of the app registration. Needed for every method but shared_app.').optional(),
  client_secret: secret.optional(),
  certificate: certificate.optional(),
  certificate_password: z.string().max(1024).meta({ description: 'Of a PFX file.', writeOnly: true }).optional(),
  username: secret.optional(),
  password: secret.optional(),
}

const name = line(200)
const domain = line(253)
const description = text(2000)
const inputs = z
  .record(z.string().max(100), z.unknown())
  .describe('Operator inputs by name; `GET /benchmarks` lists them.')

export const m365TenantPath = z.strictObject({
  id: guid.describe('Row id of the M365 tenant, or its GUID at Microsoft.'),
})

export const m365TenantCreate = z
  .strictObject({
    m365_tenant_id: guid.describe('The GUID at Microsoft.'),
    m365_tenant_name: name,
    m365_domain: domain,
    description: description.nullable().optional(),
    inputs: inputs.optional(),
    ...credentialFields,
  })
  .meta({
    id: 'M365TenantCreate',
    examples: [
      {
        m365_tenant_id: '660636d5-cb4e-4816-b1b8-f5afc446f583',
        m365_tenant_name: 'Contoso Corporation',
        m365_domain: 'contoso.onmicrosoft.com',
        client_id: '0a0a0a0a-1111-4222-8333-444444444444',
        client_secret: 'the-secret-of-the-app',
      },
    ],
  })

export const m365TenantUpdate = z
  .strictObject({
    m365_tenant_id: guid.describe('Only as a confirmation: it cannot be changed.').optional(),
    m365_tenant_name: name.optional(),
    m365_domain: domain.optional(),
    description: description.nullable().optional(),
  })
  .meta({ id: 'M365TenantUpdate', examples: [{ m365_tenant_name: 'Contoso Ltd' }] })

export const credentialReplace = z.strictObject(credentialFields).meta({
  id: 'CredentialReplace',
  examples: [{ client_id: '0a0a0a0a-1111-4222-8333-444444444444', client_secret: 'the-new-secret' }],
})
export const inputsReplace = z
  .strictObject({ inputs })
  .meta({ id: 'InputsReplace', examples: [{ inputs: { approvedPublicGroups: ['All Company'] } }] })

export const m365TenantList = z.strictObject({
  status: z.enum(['active', 'inactive', 'error']).optional(),
  q: line(200).describe('Part of the name, domain, description or GUID, in any case.').optional(),
  ...paging,
})

export const connectionTestSchema = z
  .strictObject({
    success: z.boolean(),
    status: z.enum(['ok', 'partial', 'failed']),
    tested_at: time,
    services: z.array(
      z.strictObject({
        service: z.enum(services),
        ok: z.boolean(),
        code: z.string().nullable(),
        message: z.string().nullable(),
        duration_ms: z.number(),
      }),
    ),
  })
  .meta({ id: 'ConnectionTest' })

export const m365TenantSchema = z
  .strictObject({
    id: z.string().describe('Row id: what other answers call m365_tenant_id.'),
    m365_tenant_id: z.string().describe('The GUID at Microsoft.'),
    m365_tenant_name: z.string(),
    m365_domain: z.string(),
    description: z.string().nullable(),
    status: z.enum(['active', 'inactive', 'error']),
    last_test_at: time.nullable(),
    last_test_status: z.enum(['ok', 'partial', 'failed']).nullable(),
    last_test_error: z.string().nullable(),
    last_test: connectionTestSchema.nullable(),
    created_at: time,
    updated_at: time,
    created_by: z.string(),
    updated_by: z.string(),
  })
  .meta({ id: 'M365Tenant' })

export const credentialSummarySchema = z
  .strictObject({
    configured: z.boolean(),
    auth_method: z.enum(credentialKinds).nullable(),
    client_id: z.string().nullable(),
    certificate_thumbprint_last4: z.string().nullable(),
    expires_at: time.nullable(),
    services: z.array(z.enum(services)),
    created_at: time.nullable(),
    updated_at: time.nullable(),
  })
  .meta({ id: 'CredentialSummary' })

export const inputsSchema = z.strictObject({ inputs: z.record(z.string(), z.unknown()) }).meta({ id: 'Inputs' })
