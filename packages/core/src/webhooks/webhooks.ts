import { randomUUID } from 'node:crypto'
import * as Effect from 'effect/Effect'
import { auditEntry, changedFields } from '../audit/audit.ts'
import { ConflictError, InvalidInputError, NotFoundError, TenantscopeError } from '../errors/errors.ts'
import type { Run } from '../internal/run.ts'
import { type CoreServices, now, type Scope, type StorageService, withStorage } from '../internal/services.ts'
import { type Page, pageLimit } from '../paging/page.ts'
import type { WebhookDelivery, WebhookEndpoint, WebhookEndpointPatch } from '../storage/webhook-store.ts'
import { malformed } from '../tenants/tenant-rows.ts'
import { validate } from '../validation/validate.ts'
import { type EndpointPolicy, EndpointRefused } from './endpoint-policy.ts'
import { newEndpointSecret, sealEndpointSecret } from './endpoint-secret.ts'
import {
  type CreateWebhookEndpointInput,
  createEndpointSchema,
  type ListWebhookDeliveriesInput,
  type ListWebhookEndpointsInput,
  listDeliveriesSchema,
  listEndpointsSchema,
  type RotateWebhookSecretInput,
  rotateSecretSchema,
  type UpdateWebhookEndpointInput,
  updateEndpointSchema,
} from './webhook-input.ts'

/** An endpoint as it may be shown: without its secrets. */
export interface WebhookEndpointSummary extends Omit<WebhookEndpoint, 'secrets'> {
  /** Until when the secret before the last rotation signs as well; null when there is none. */
  previousSecretExpiresAt: Date | null
}

/** The secret (`whsec_…`) is given here and never again. */
export interface WebhookEndpointWithSecret {
  endpoint: WebhookEndpointSummary
  secret: string
}

/**
 * Where a platform tenant wants to be told that a scan has ended, as signed messages (Standard Webhooks). Off, with the error code `webhooks_off` for what would
 * send, unless the host gave `webhooks`; reading and removing work all the same. Methods throw NotFoundError for what is missing or another platform tenant's, and
 * InvalidInputError with a pointer for each wrong field.
 */
export interface Webhooks {
  /**
   * Throws InvalidInputError for a URL that the host does not allow or that leads to an address which is not public, `limit_reached` when the platform tenant has as
   * many endpoints as it may.
   */
  create(input: CreateWebhookEndpointInput): Promise<WebhookEndpointWithSecret>
  get(id: string): Promise<WebhookEndpointSummary>
  /** Newest first. */
  list(input?: ListWebhookEndpointsInput): Promise<Page<WebhookEndpointSummary>>
  /** Fields left out stay as they are. `enabled: true` takes back what disabled it; what was missed can be redelivered. */
  update(id: string, input: UpdateWebhookEndpointInput): Promise<WebhookEndpointSummary>
  /** Its deliveries go too. */
  remove(id: string): Promise<void>
  /**
   * Gives a new secret. The one before signs too for `overlapMs` (default one day; 0 after a leak), so that the receiver can change over; one still older ends
   * now. Of two rotations at once the later one holds.
   */
  rotateSecret(id: string, input?: RotateWebhookSecretInput): Promise<WebhookEndpointWithSecret>
  /**
   * Puts a message of type `test` into the outbox, whatever the endpoint has subscribed to. ConflictError while it is disabled, `limit_reached` while ten of them
   * wait.
   */
  test(id: string): Promise<WebhookDelivery>
  /** What was sent to an endpoint and how that went, newest first. */
  deliveries(id: string, input?: ListWebhookDeliveriesInput): Promise<Page<WebhookDelivery>>
  /** Sends it again under the same `webhook-id`, with all its tries, whatever became of it before. ConflictError while the endpoint is disabled. */
  redeliver(id: string, deliveryId: string): Promise<WebhookDelivery>
}

export interface WebhookSettings {
  /** null: the host has not turned outgoing webhooks on. */
  policy: EndpointPolicy | null
  endpointsPerPlatformTenant: number
  /** Something is due now. */
  nudge(): void
}

export function webhooks(run: Run, scope: Scope, settings: WebhookSettings): Webhooks {
  const { platformTenantId } = scope
  const sending = async <A>(effect: Effect.Effect<A, TenantscopeError, CoreServices>) => {
    const done = await run(effect)
    settings.nudge()
    return done
  }
  return {
    create: (input) => run(create(scope, settings, input)),
    get: (id) => run(Effect.map(findEndpoint(scope, id), summarize)),
    list: (input) =>
      run(
        Effect.gen(function* () {
          const filter = yield* validate(listEndpointsSchema, input ?? {})
          const page = yield* withStorage((storage) => storage.webhooks.listEndpoints({ platformTenantId, ...filter }))
          return { ...page, data: page.data.map(summarize) }
        }),
      ),
    update: (id, input) => run(update(scope, settings, id, input)),
    remove: (id) => run(remove(scope, id)),
    rotateSecret: (id, input) => run(rotateSecret(scope, settings, id, input ?? {})),
    test: (id) => sending(test(scope, settings, id)),
    deliveries: (id, input) =>
      run(
        Effect.gen(function* () {
          const filter = yield* validate(listDeliveriesSchema, input ?? {})
          const { id: endpointId } = yield* findEndpoint(scope, id)
          return yield* withStorage((storage) =>
            storage.webhooks.listDeliveries({ platformTenantId, endpointId, ...filter }),
          )
        }),
      ),
    redeliver: (id, deliveryId) => sending(redeliver(scope, settings, id, deliveryId)),
  }
}

function create(scope: Scope, settings: WebhookSettings, input: unknown) {
  return Effect.gen(function* () {
    const policy = yield* turnedOn(settings)
    const { url, description, eventTypes } = yield* validate(createEndpointSchema, input)
    yield* allowedUrl(policy, url)
    const { platformTenantId, actor } = scope
    const at = yield* now
    const id = randomUUID()
    const secret = newEndpointSecret()
    const sealed = yield* sealEndpointSecret({ platformTenantId, id }, secret)
    const endpoint: WebhookEndpoint = {
      id,
      platformTenantId,
      url,
      description: description ?? null,
      eventTypes: eventTypes ?? [],
      status: 'enabled',
      disabledReason: null,
      secrets: [{ sealed, expiresAt: null }],
      createdAt: at,
      updatedAt: at,
      createdBy: actor,
      updatedBy: actor,
    }
    const limit = settings.endpointsPerPlatformTenant
    const audit = auditEntry(scope, at, {
      action: 'webhook_endpoint.created',
      resource: endpointResource(id),
      detail: { fields: changedFields({}, { url, description, eventTypes }) },
    })
    const stored = yield* withStorage((storage) => storage.webhooks.insertEndpoint({ endpoint, limit, audit }))
    if (stored === 'limit_reached') {
      const message = `There are ${limit} webhook endpoints already, as many as may be. Remove one first.`
      return yield* Effect.fail(new TenantscopeError('limit_reached', message))
    }
    return { endpoint: summarize(stored), secret }
  })
}

function update(scope: Scope, settings: WebhookSettings, id: string, input: unknown) {
  return Effect.gen(function* () {
    const { enabled, ...fields } = yield* validate(updateEndpointSchema, input)
    const endpoint = yield* findEndpoint(scope, id)
    if (fields.url !== undefined) yield* allowedUrl(yield* turnedOn(settings), fields.url)
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
    const patch = { ...given, ...statusPatch(endpoint, enabled) }
    const action = patch.status === undefined ? 'webhook_endpoint.updated' : `webhook_endpoint.${patch.status}`
    const { disabledReason: _, ...told } = patch
    return summarize(yield* patchEndpoint(scope, endpoint, patch, { action, fields: changedFields(endpoint, told) }))
  })
}

function statusPatch(endpoint: WebhookEndpoint, enabled: boolean | undefined) {
  if (enabled === undefined || enabled === (endpoint.status === 'enabled')) return {}
  return enabled
    ? ({ status: 'enabled', disabledReason: null } as const)
    : ({ status: 'disabled', disabledReason: 'Disabled by hand.' } as const)
}

function remove(scope: Scope, id: string) {
  return Effect.gen(function* () {
    const { platformTenantId } = scope
    const endpoint = yield* findEndpoint(scope, id)
    const at = yield* now
    const audit = auditEntry(scope, at, {
      action: 'webhook_endpoint.deleted',
      resource: endpointResource(endpoint.id),
    })
    const deleted = yield* withStorage((storage) =>
      storage.webhooks.deleteEndpoint({ platformTenantId, id: endpoint.id, audit }),
    )
    if (!deleted) return yield* Effect.fail(new NotFoundError('webhook endpoint'))
  })
}

function rotateSecret(scope: Scope, settings: WebhookSettings, id: string, input: unknown) {
  return Effect.gen(function* () {
    yield* turnedOn(settings)
    const { overlapMs } = yield* validate(rotateSecretSchema, input)
    const endpoint = yield* findEndpoint(scope, id)
    const at = yield* now
    const secret = newEndpointSecret()
    const sealed = yield* sealEndpointSecret(endpoint, secret)
    const [newest] = endpoint.secrets
    const before = newest && overlapMs > 0 ? [{ ...newest, expiresAt: new Date(at.getTime() + overlapMs) }] : []
    const secrets = [{ sealed, expiresAt: null }, ...before]
    const note = { action: 'webhook_endpoint.secret_rotated', fields: ['secrets'] }
    return { endpoint: summarize(yield* patchEndpoint(scope, endpoint, { secrets }, note)), secret }
  })
}

const testsWaiting = 10

function test(scope: Scope, settings: WebhookSettings, id: string) {
  return Effect.gen(function* () {
    yield* turnedOn(settings)
    const endpoint = yield* findEndpoint(scope, id)
    yield* mustBeEnabled(endpoint)
    const waiting = yield* deliveriesOf(endpoint, 'pending')
    // Every call makes a row and a message to somebody else's machine.
    if (waiting.filter(({ eventType }) => eventType === 'test').length >= testsWaiting) {
      const message = `${testsWaiting} test messages wait for this endpoint already.`
      return yield* Effect.fail(new TenantscopeError('limit_reached', message))
    }
    const { platformTenantId } = scope
    const at = yield* now
    const mark = randomUUID()
    const event = { eventType: 'test', scanId: null, payload: { test_id: mark }, at } as const
    const audit = auditEntry(scope, at, { action: 'webhook_endpoint.tested', resource: endpointResource(endpoint.id) })
    yield* withStorage((storage) =>
      storage.webhooks.enqueue({ platformTenantId, endpointId: endpoint.id, ...event, audit }),
    )
    const all = yield* deliveriesOf(endpoint, null)
    const made = all.find(({ payload }) => (payload as { test_id?: unknown } | null)?.test_id === mark)
    return made ?? (yield* Effect.fail(new NotFoundError('webhook endpoint')))
  })
}

/** The newest ones. */
function deliveriesOf({ platformTenantId, id: endpointId }: WebhookEndpoint, status: WebhookDelivery['status'] | null) {
  const wanted = { platformTenantId, endpointId, status, cursor: null, limit: pageLimit.max }
  return Effect.map(
    withStorage((storage) => storage.webhooks.listDeliveries(wanted)),
    ({ data }) => data,
  )
}

function redeliver(scope: Scope, settings: WebhookSettings, id: string, deliveryId: string) {
  return Effect.gen(function* () {
    yield* turnedOn(settings)
    const endpoint = yield* findEndpoint(scope, id)
    const key = yield* rowId(deliveryId, '/deliveryId')
    const { platformTenantId } = scope
    const found = yield* withStorage((storage) => storage.webhooks.getDelivery({ platformTenantId, deliveryId: key }))
    if (found?.endpointId !== endpoint.id) return yield* Effect.fail(new NotFoundError('webhook delivery'))
    yield* mustBeEnabled(endpoint)
    const at = yield* now
    const audit = auditEntry(scope, at, {
      action: 'webhook_delivery.redelivered',
      resource: { type: 'webhook_delivery', id: key },
      detail: { endpointId: endpoint.id },
    })
    const again = yield* withStorage((storage) =>
      storage.webhooks.redeliver({ platformTenantId, deliveryId: key, at, audit }),
    )
    return again ?? (yield* Effect.fail(new NotFoundError('webhook delivery')))
  })
}

function findEndpoint(scope: Scope, id: string): Effect.Effect<WebhookEndpoint, TenantscopeError, StorageService> {
  return Effect.gen(function* () {
    const { platformTenantId } = scope
    const key = yield* rowId(id, '/id')
    const endpoint = yield* withStorage((storage) => storage.webhooks.getEndpoint({ platformTenantId, id: key }))
    return endpoint ?? (yield* Effect.fail(new NotFoundError('webhook endpoint')))
  })
}

function patchEndpoint(
  scope: Scope,
  { id }: WebhookEndpoint,
  fields: Omit<WebhookEndpointPatch, 'updatedAt' | 'updatedBy'>,
  note: { action: string; fields: string[] },
) {
  return Effect.gen(function* () {
    const updatedAt = yield* now
    const { platformTenantId, actor: updatedBy } = scope
    const patch = { ...fields, updatedAt, updatedBy }
    const audit = auditEntry(scope, updatedAt, {
      action: note.action,
      resource: endpointResource(id),
      detail: { fields: note.fields },
    })
    const updated = yield* withStorage((storage) =>
      storage.webhooks.updateEndpoint({ platformTenantId, id, patch, audit }),
    )
    return updated ?? (yield* Effect.fail(new NotFoundError('webhook endpoint')))
  })
}

function endpointResource(id: string) {
  return { type: 'webhook_endpoint', id }
}

/** The guard looks here for the sake of whoever types the URL; it looks again before every message. */
function allowedUrl(policy: EndpointPolicy, url: string): Effect.Effect<void, TenantscopeError> {
  return Effect.tryPromise({
    try: async () => {
      await policy.resolve(policy.check(url))
    },
    catch: (error) => {
      const detail = error instanceof EndpointRefused ? error.message : 'cannot be checked now.'
      return new InvalidInputError([{ pointer: '/url', detail }])
    },
  })
}

function turnedOn(settings: WebhookSettings): Effect.Effect<EndpointPolicy, TenantscopeError> {
  if (settings.policy) return Effect.succeed(settings.policy)
  const message =
    "Outgoing webhooks are off. Turn them on with createTenantscope({ webhooks: { allowedHosts: ['hooks.example.com'] } }), in every process that serves or sends them."
  return Effect.fail(new TenantscopeError('webhooks_off', message))
}

function mustBeEnabled(endpoint: WebhookEndpoint): Effect.Effect<void, ConflictError> {
  if (endpoint.status === 'enabled') return Effect.void
  return Effect.fail(new ConflictError('The webhook endpoint is disabled. Enable it first.'))
}

function rowId(id: string, pointer: string): Effect.Effect<string, InvalidInputError> {
  const key = typeof id === 'string' ? id.toLowerCase() : ''
  const fine = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(key)
  return fine ? Effect.succeed(key) : Effect.fail(malformed(pointer))
}

function summarize({ secrets, ...endpoint }: WebhookEndpoint): WebhookEndpointSummary {
  return { ...endpoint, previousSecretExpiresAt: secrets[1]?.expiresAt ?? null }
}
