import { whileConnected } from '../http/while-connected.ts'
import { presentConnectionTest, presentCredential, presentM365Tenant } from '../present/m365-tenant.ts'
import { invalid } from '../problems/problem.ts'
import { nothing, pageOf } from '../schemas/common.ts'
import {
  connectionTestSchema,
  credentialReplace,
  credentialSummarySchema,
  inputsReplace,
  inputsSchema,
  m365TenantCreate,
  m365TenantList,
  m365TenantPath,
  m365TenantSchema,
  m365TenantUpdate,
} from '../schemas/m365-tenant.ts'
import { checkCredentialFields, toCredentialInput } from './credential-input.ts'
import { given } from './given.ts'
import { defineRoute, type Method, type Route } from './route.ts'

const tenantPointers = {
  '/m365TenantId': '/m365_tenant_id',
  '/name': '/m365_tenant_name',
  '/defaultDomain': '/m365_domain',
  '/credential': '',
  '/credential/kind': '/auth_method',
}
const credentialRules =
  'A credential is client_id with one of: client_secret; certificate, with certificate_password where it has one; username with password; ' +
  'auth_method "federated". Or auth_method "shared_app" alone. One method at a time. A secret is sealed at once and never shown again.'
const ofTenant = { type: 'm365_tenant', from: 'path' } as const

const collection: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/m365-tenants',
    action: 'm365_tenants.list',
    summary: 'List the M365 tenants, newest first',
    subject: { type: 'm365_tenant', from: 'none' },
    query: m365TenantList,
    responses: { 200: { description: 'A page', schema: pageOf(m365TenantSchema) } },
    handle: async ({ scope, query }) => {
      const page = await scope.m365Tenants.list(given(query))
      return { status: 200, body: { ...page, data: page.data.map(presentM365Tenant) } }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/m365-tenants',
    action: 'm365_tenants.create',
    summary: 'Register an M365 tenant, with its credential',
    description: credentialRules,
    subject: { type: 'm365_tenant', from: 'none' },
    body: m365TenantCreate,
    crossCheck: (body) => checkCredentialFields(body),
    pointers: tenantPointers,
    problems: ['conflict'],
    responses: {
      201: {
        description: 'Registered; no secret is in the answer',
        schema: m365TenantSchema,
        headers: { Location: 'The M365 tenant.' },
      },
    },
    handle: async ({ req, scope, body }) => {
      const credential = toCredentialInput(body)
      if (credential === null) throw invalid(checkCredentialFields({ ...body }))
      const tenant = await scope.m365Tenants.register({
        m365TenantId: body.m365_tenant_id,
        name: body.m365_tenant_name,
        defaultDomain: body.m365_domain,
        ...(body.description != null && { description: body.description }),
        credential,
        ...(body.inputs && { inputs: body.inputs }),
      })
      const headers = { Location: `${req.baseUrl}/m365-tenants/${tenant.id}` }
      return { status: 201, body: presentM365Tenant(tenant), headers }
    },
  }),
]

const update = (method: Method, summary: string): Route =>
  defineRoute({
    method,
    path: '/m365-tenants/{id}',
    action: 'm365_tenants.update',
    summary,
    subject: ofTenant,
    params: m365TenantPath,
    body: m365TenantUpdate,
    pointers: tenantPointers,
    responses: { 200: { description: 'As it is now', schema: m365TenantSchema } },
    handle: async ({ scope, m365Tenant, body }) => {
      const confirmed = body.m365_tenant_id?.toLowerCase() ?? m365Tenant.m365TenantId
      if (confirmed !== m365Tenant.m365TenantId) {
        const detail = 'cannot be changed; register the other M365 tenant instead.'
        throw invalid([{ in: 'body', pointer: '/m365_tenant_id', detail }])
      }
      const { m365_tenant_name: name, m365_domain: defaultDomain, description } = body
      const patch = given({ name, defaultDomain, description })
      if (Object.keys(patch).length === 0) return { status: 200, body: presentM365Tenant(m365Tenant) }
      return { status: 200, body: presentM365Tenant(await scope.m365Tenants.update(m365Tenant.id, patch)) }
    },
  })

const single: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/m365-tenants/{id}',
    action: 'm365_tenants.read',
    summary: 'One M365 tenant',
    subject: ofTenant,
    params: m365TenantPath,
    responses: { 200: { description: 'The M365 tenant', schema: m365TenantSchema } },
    handle: async ({ m365Tenant }) => ({ status: 200, body: presentM365Tenant(m365Tenant) }),
  }),
  update('PUT', 'Change an M365 tenant; what is left out stays'),
  update('PATCH', 'The same as PUT'),
  defineRoute({
    method: 'DELETE',
    path: '/m365-tenants/{id}',
    action: 'm365_tenants.delete',
    summary: 'Off-board an M365 tenant with its credential, scans, results and evidence',
    subject: ofTenant,
    params: m365TenantPath,
    responses: { 204: { description: 'Gone' } },
    handle: async ({ scope, m365Tenant }) => {
      await scope.m365Tenants.remove(m365Tenant.id)
      return { status: 204 }
    },
  }),
]

const credentials: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/m365-tenants/{id}/credentials',
    action: 'm365_tenants.credentials.read',
    summary: 'What may be shown of the credential: never a secret in any form',
    subject: ofTenant,
    params: m365TenantPath,
    responses: { 200: { description: 'The credential, masked', schema: credentialSummarySchema } },
    handle: async ({ scope, m365Tenant }) => ({
      status: 200,
      body: presentCredential(await scope.m365Tenants.credentials(m365Tenant.id)),
    }),
  }),
  defineRoute({
    method: 'PUT',
    path: '/m365-tenants/{id}/credentials',
    action: 'm365_tenants.credentials.replace',
    summary: 'Replace the credential',
    description: credentialRules,
    subject: ofTenant,
    params: m365TenantPath,
    body: credentialReplace,
    crossCheck: (body) => checkCredentialFields(body),
    pointers: { '/credential': '', '/credential/kind': '/auth_method', '/kind': '/auth_method' },
    responses: { 200: { description: 'The new credential, masked', schema: credentialSummarySchema } },
    handle: async ({ scope, m365Tenant, body }) => {
      const credential = toCredentialInput(body)
      if (credential === null) throw invalid(checkCredentialFields({ ...body }))
      const summary = await scope.m365Tenants.replaceCredentials(m365Tenant.id, credential)
      return { status: 200, body: presentCredential(summary) }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/m365-tenants/{id}/test-connection',
    action: 'm365_tenants.test_connection',
    summary: 'Sign in to each service and read one small thing',
    subject: ofTenant,
    params: m365TenantPath,
    body: nothing,
    bodyRequired: false,
    problems: ['credential_missing'],
    responses: { 200: { description: 'What each service said', schema: connectionTestSchema } },
    handle: async ({ res, scope, m365Tenant }) => {
      const test = await whileConnected(res, (signal) => scope.m365Tenants.testConnection(m365Tenant.id, { signal }))
      return { status: 200, body: presentConnectionTest(test) }
    },
  }),
]

const inputs: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/m365-tenants/{id}/inputs',
    action: 'm365_tenants.inputs.read',
    summary: 'The operator inputs: what only the operator can know',
    subject: ofTenant,
    params: m365TenantPath,
    responses: { 200: { description: 'By name', schema: inputsSchema } },
    handle: async ({ scope, m365Tenant }) => ({
      status: 200,
      body: { inputs: await scope.m365Tenants.inputs(m365Tenant.id) },
    }),
  }),
  defineRoute({
    method: 'PUT',
    path: '/m365-tenants/{id}/inputs',
    action: 'm365_tenants.inputs.replace',
    summary: 'Replace the operator inputs, all at once',
    subject: ofTenant,
    params: m365TenantPath,
    body: inputsReplace,
    pointers: { '': '/inputs' },
    responses: { 200: { description: 'As they are now', schema: inputsSchema } },
    handle: async ({ scope, m365Tenant, body }) => ({
      status: 200,
      body: { inputs: await scope.m365Tenants.setInputs(m365Tenant.id, body.inputs) },
    }),
  }),
]

export const m365TenantRoutes: readonly Route[] = [...collection, ...single, ...credentials, ...inputs]
