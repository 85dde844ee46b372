import { randomUUID } from 'node:crypto'
import * as Effect from 'effect/Effect'
import { auditEntry, changedFields, m365TenantResource, scanResource } from '../audit/audit.ts'
import type { Benchmark, InputDefinition } from '../benchmarks/benchmark.ts'
import { benchmarks } from '../benchmarks/benchmarks.ts'
import type { CredentialSummary } from '../credentials/credential.ts'
import { type CredentialInput, credentialInputSchema } from '../credentials/credential-input.ts'
import { allowedKind, sealCredential, summarize } from '../credentials/credentials.ts'
import { ConflictError, type InvalidInputError, NotFoundError, type TenantscopeError } from '../errors/errors.ts'
import type { Run } from '../internal/run.ts'
import {
  type CoreServices,
  EventHubService,
  now,
  QueueService,
  type Scope,
  SignInService,
  withStorage,
} from '../internal/services.ts'
import { type Page, pageLimit } from '../paging/page.ts'
import type { Scan } from '../scans/scan.ts'
import { leaseNudge } from '../scans/scan-lease.ts'
import { validate } from '../validation/validate.ts'
import { type TestSettings, testConnection } from './connection-test.ts'
import type { ConnectionTest, M365Tenant } from './m365-tenant.ts'
import {
  checkInputs,
  type ListM365TenantsInput,
  listTenantsSchema,
  type RegisterM365TenantInput,
  registerSchema,
  type UpdateM365TenantInput,
  updateSchema,
} from './m365-tenant-input.ts'
import type { Preflight } from './preflight.ts'
import { type PreflightInput, preflight } from './preflight-run.ts'
import { findTenant, patchTenant } from './tenant-rows.ts'

/**
 * The M365 tenants of one platform tenant. An `id` is the row id or Microsoft's GUID. Every method throws NotFoundError for what is missing or another
 * platform tenant's, and InvalidInputError with a pointer for each wrong field.
 */
export interface M365Tenants {
  /** Throws ConflictError when the GUID is registered already. The credential is sealed before it is stored. */
  register(input: RegisterM365TenantInput): Promise<M365Tenant>
  get(id: string): Promise<M365Tenant>
  /** Newest first. */
  list(input?: ListM365TenantsInput): Promise<Page<M365Tenant>>
  /** Fields left out stay as they are. */
  update(id: string, input: UpdateM365TenantInput): Promise<M365Tenant>
  /**
   * Off-boards it: credential, scans with all that hangs on them, and their queue entries are gone; the audit log stays. A running scan is told to stop and writes
   * nothing afterwards.
   */
  remove(id: string): Promise<void>
  /** What may be shown of the credential; null when there is none. */
  credentials(id: string): Promise<CredentialSummary | null>
  replaceCredentials(id: string, input: CredentialInput): Promise<CredentialSummary>
  /** Signs in to each service and reads one small thing. The answer is stored as `lastTest`. Takes seconds; abort by `signal`. */
  testConnection(id: string, options?: { signal?: AbortSignal }): Promise<ConnectionTest>
  /**
   * Which controls would a scan be able to judge now, and what is missing for the others: says so from the credential, the access tokens, one read per service
   * and the tenant's service plans. What these do not decide is `unknown`. Stores nothing; takes seconds; abort by `signal`. Throws `credential_missing` when
   * there is no credential, RunnerError when the engine cannot run.
   */
  preflight(id: string, options?: PreflightInput & { signal?: AbortSignal }): Promise<Preflight>
  inputs(id: string): Promise<Record<string, unknown>>
  /** Replaces all operator inputs. */
  setInputs(id: string, inputs: Record<string, unknown>): Promise<Record<string, unknown>>
}

export interface TenantSettings extends TestSettings {
  allowUsernamePassword: boolean
}

export function m365Tenants(run: Run, scope: Scope, settings: TenantSettings): M365Tenants {
  return {
    register: (input) => run(register(scope, input, settings)),
    get: (id) => run(findTenant(scope, id)),
    list: (input) =>
      run(
        Effect.flatMap(validate(listTenantsSchema, input ?? {}), (filter) =>
          withStorage((storage) => storage.m365Tenants.list({ platformTenantId: scope.platformTenantId, ...filter })),
        ),
      ),
    update: (id, input) => run(update(scope, id, input)),
    remove: (id) => run(remove(scope, id)),
    credentials: (id) => run(credentials(scope, id)),
    replaceCredentials: (id, input) => run(replaceCredentials(scope, id, input, settings)),
    testConnection: (id, options) =>
      run(
        Effect.flatMap(findTenant(scope, id), (tenant) => testConnection(scope, tenant, settings)),
        options?.signal,
      ),
    preflight: (id, { signal, ...input } = {}) => run(preflight(scope, id, input, settings), signal),
    inputs: (id) => run(Effect.map(findTenant(scope, id), (tenant) => tenant.inputs)),
    setInputs: (id, inputs) => run(setInputs(scope, id, inputs)),
  }
}

function register(
  scope: Scope,
  input: unknown,
  settings: TenantSettings,
): Effect.Effect<M365Tenant, TenantscopeError, CoreServices> {
  return Effect.gen(function* () {
    const { credential: credentialInput, inputs, ...fields } = yield* validate(registerSchema, input)
    yield* allowedKind(credentialInput, settings, '/credential/kind')
    const checked = yield* knownInputs(inputs ?? {})
    const at = yield* now
    const id = randomUUID()
    const { platformTenantId, actor } = scope
    const credential = yield* sealCredential({ platformTenantId, m365TenantId: id, input: credentialInput, at })
    const tenant: M365Tenant = {
      id,
      platformTenantId,
      m365TenantId: fields.m365TenantId,
      name: fields.name,
      defaultDomain: fields.defaultDomain,
      description: fields.description ?? null,
      status: 'active',
      inputs: checked,
      lastTest: null,
      createdAt: at,
      updatedAt: at,
      createdBy: actor,
      updatedBy: actor,
    }
    const given = { ...fields, credential: credentialInput, inputs }
    const audit = auditEntry(scope, at, {
      action: 'm365_tenant.created',
      resource: m365TenantResource(id),
      detail: { fields: changedFields({}, given) },
    })
    const stored = yield* withStorage((storage) => storage.m365Tenants.insert({ tenant, credential, audit }))
    return stored ?? (yield* Effect.fail(new ConflictError('This M365 tenant is registered already.')))
  })
}

function update(scope: Scope, id: string, input: unknown) {
  return Effect.gen(function* () {
    const fields = yield* validate(updateSchema, input)
    const tenant = yield* findTenant(scope, id)
    const note = { action: 'm365_tenant.updated', fields: changedFields(tenant, fields) }
    return yield* patchTenant(scope, tenant.id, fields, note)
  })
}

function remove(scope: Scope, id: string): Effect.Effect<void, TenantscopeError, CoreServices> {
  return Effect.gen(function* () {
    const { platformTenantId } = scope
    const tenant = yield* findTenant(scope, id)
    const at = yield* now
    const hub = yield* EventHubService
    const signIn = yield* SignInService
    const stored = yield* withStorage((storage) =>
      storage.credentials.get({ platformTenantId, m365TenantId: tenant.id }),
    )
    const unfinished = yield* unfinishedScans(scope, tenant)
    for (const { id: scanId } of unfinished) {
      const audit = auditEntry(scope, at, {
        action: 'scan.cancel_requested',
        resource: scanResource(scanId),
        detail: { because: 'm365_tenant.deleted' },
      })
      const notRunMessage = 'Not judged: the M365 tenant was removed.'
      yield* withStorage((storage) =>
        storage.scans.requestCancel({ platformTenantId, scanId, at, notRunMessage, audit }),
      )
      hub.notify(leaseNudge(scanId))
    }
    const audit = auditEntry(scope, at, { action: 'm365_tenant.deleted', resource: m365TenantResource(tenant.id) })
    const deleted = yield* withStorage((storage) =>
      storage.m365Tenants.delete({ platformTenantId, id: tenant.id, audit }),
    )
    if (!deleted) return yield* Effect.fail(new NotFoundError('M365 tenant'))
    // A queue that fails now delivers entries of scans that are not there, which does nothing.
    const queue = yield* QueueService
    for (const { id: scanId } of unfinished) yield* Effect.ignore(Effect.tryPromise(() => queue.remove({ scanId })))
    if (stored) signIn.forget({ credentialId: stored.id })
  })
}

/** Running ones and pending ones, all pages. */
function unfinishedScans(scope: Scope, tenant: M365Tenant) {
  return Effect.gen(function* () {
    const { platformTenantId } = scope
    const found: Scan[] = []
    for (const status of ['pending', 'running'] as const) {
      const wanted = { platformTenantId, m365TenantId: tenant.id, status, since: null, limit: pageLimit.max }
      let cursor: string | null = null
      do {
        const at: string | null = cursor
        const page: Page<Scan> = yield* withStorage((storage) => storage.scans.list({ ...wanted, cursor: at }))
        found.push(...page.data)
        cursor = page.next
      } while (cursor !== null)
    }
    return found
  })
}

function credentials(scope: Scope, id: string) {
  return Effect.gen(function* () {
    const tenant = yield* findTenant(scope, id)
    const { platformTenantId } = scope
    const stored = yield* withStorage((storage) =>
      storage.credentials.get({ platformTenantId, m365TenantId: tenant.id }),
    )
    return stored ? summarize(stored) : null
  })
}

function replaceCredentials(scope: Scope, id: string, input: unknown, settings: TenantSettings) {
  return Effect.gen(function* () {
    const checked = yield* validate(credentialInputSchema, input)
    yield* allowedKind(checked, settings, '/kind')
    const tenant = yield* findTenant(scope, id)
    const at = yield* now
    const { platformTenantId } = scope
    const signIn = yield* SignInService
    const before = yield* withStorage((storage) =>
      storage.credentials.get({ platformTenantId, m365TenantId: tenant.id }),
    )
    const credential = yield* sealCredential({ platformTenantId, m365TenantId: tenant.id, input: checked, at })
    const audit = auditEntry(scope, at, {
      action: 'credential.replaced',
      resource: m365TenantResource(tenant.id),
      detail: { fields: ['credential'] },
    })
    const stored = yield* withStorage((storage) => storage.credentials.put({ credential, audit }))
    if (!stored) return yield* Effect.fail(new NotFoundError('M365 tenant'))
    if (before) signIn.forget({ credentialId: before.id })
    return summarize(credential)
  })
}

function setInputs(scope: Scope, id: string, inputs: Record<string, unknown>) {
  return Effect.gen(function* () {
    const tenant = yield* findTenant(scope, id)
    const checked = yield* knownInputs(inputs, '')
    const fields = [...new Set([...changedFields(tenant.inputs, checked), ...changedFields(checked, tenant.inputs)])]
    const note = { action: 'inputs.replaced', fields: fields.sort() }
    const updated = yield* patchTenant(scope, tenant.id, { inputs: checked }, note)
    return updated.inputs
  })
}

function knownInputs(inputs: Record<string, unknown>, at = '/inputs') {
  return Effect.gen(function* () {
    const known = yield* benchmarks
    return yield* Effect.try({
      try: () => checkInputs(inputs, definitions(known), at),
      catch: (error) => error as InvalidInputError,
    })
  })
}

function definitions(known: readonly Benchmark[]): InputDefinition[] {
  return known.flatMap((benchmark) => benchmark.inputs)
}
