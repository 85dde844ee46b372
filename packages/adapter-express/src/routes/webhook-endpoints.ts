import { presentDelivery, presentEndpoint, presentWithSecret } from '../present/webhook-endpoint.ts'
import { nothing, pageOf } from '../schemas/common.ts'
import {
  deliveryList,
  deliveryPath,
  deliverySchema,
  endpointCreate,
  endpointList,
  endpointPath,
  endpointSchema,
  endpointUpdate,
  endpointWithSecretSchema,
  secretRotate,
} from '../schemas/webhook-endpoint.ts'
import { given } from './given.ts'
import { defineRoute, type Route } from './route.ts'

const pointers = { '/eventTypes': '/event_types', '/overlapMs': '/overlap_seconds' }
const ofEndpoint = { type: 'webhook_endpoint', from: 'path' } as const
const messages =
  'Messages follow Standard Webhooks: a body of `type`, `timestamp` and `data`, signed in `webhook-signature` over `webhook-id`, `webhook-timestamp` and the exact bytes. ' +
  'Any 2xx within five seconds takes a message; otherwise it comes again, ten times within some three days. 410 disables the endpoint.'

const collection: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/webhooks',
    action: 'webhooks.list',
    summary: 'List the webhook endpoints, newest first',
    subject: { type: 'webhook_endpoint', from: 'none' },
    query: endpointList,
    responses: { 200: { description: 'A page', schema: pageOf(endpointSchema) } },
    handle: async ({ scope, query }) => {
      const page = await scope.webhooks.list(given(query))
      return { status: 200, body: { ...page, data: page.data.map(presentEndpoint) } }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/webhooks',
    action: 'webhooks.create',
    summary: 'Add an endpoint that is told when a scan has ended',
    description: messages,
    subject: { type: 'webhook_endpoint', from: 'none' },
    body: endpointCreate,
    pointers,
    problems: ['webhooks_off', 'limit_reached'],
    responses: {
      201: {
        description: 'Added, with the secret that verifies its messages',
        schema: endpointWithSecretSchema,
        headers: { Location: 'The endpoint.' },
      },
    },
    handle: async ({ req, scope, body }) => {
      const { url, description, event_types: eventTypes } = body
      const created = await scope.webhooks.create({ url, ...given({ description, eventTypes }) })
      const headers = { Location: `${req.baseUrl}/webhooks/${created.endpoint.id}` }
      return { status: 201, ...presentWithSecret(created), headers }
    },
  }),
]

const single: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/webhooks/{id}',
    action: 'webhooks.read',
    summary: 'One webhook endpoint, without its secret',
    subject: ofEndpoint,
    params: endpointPath,
    responses: { 200: { description: 'The endpoint', schema: endpointSchema } },
    handle: async ({ endpoint }) => ({ status: 200, body: presentEndpoint(endpoint) }),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/webhooks/{id}',
    action: 'webhooks.update',
    summary: 'Change, disable or enable an endpoint; what is left out stays',
    subject: ofEndpoint,
    params: endpointPath,
    body: endpointUpdate,
    pointers,
    problems: ['webhooks_off'],
    responses: { 200: { description: 'As it is now', schema: endpointSchema } },
    handle: async ({ scope, endpoint, body }) => {
      const { url, description, event_types: eventTypes, enabled } = body
      const patch = given({ url, description, eventTypes, enabled })
      if (Object.keys(patch).length === 0) return { status: 200, body: presentEndpoint(endpoint) }
      return { status: 200, body: presentEndpoint(await scope.webhooks.update(endpoint.id, patch)) }
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/webhooks/{id}',
    action: 'webhooks.delete',
    summary: 'Remove an endpoint with its deliveries',
    subject: ofEndpoint,
    params: endpointPath,
    responses: { 204: { description: 'Gone' } },
    handle: async ({ scope, endpoint }) => {
      await scope.webhooks.remove(endpoint.id)
      return { status: 204 }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/webhooks/{id}/rotate-secret',
    action: 'webhooks.rotate_secret',
    summary: 'Give the endpoint a new secret; the one before signs as well for a while',
    subject: ofEndpoint,
    params: endpointPath,
    body: secretRotate,
    bodyRequired: false,
    pointers,
    problems: ['webhooks_off'],
    responses: { 200: { description: 'The endpoint with its new secret', schema: endpointWithSecretSchema } },
    handle: async ({ scope, endpoint, body }) => {
      const seconds = body?.overlap_seconds
      const rotated = await scope.webhooks.rotateSecret(endpoint.id, given({ overlapMs: seconds && seconds * 1_000 }))
      return { status: 200, ...presentWithSecret(rotated) }
    },
  }),
]

const deliveries: Route[] = [
  defineRoute({
    method: 'POST',
    path: '/webhooks/{id}/test',
    action: 'webhooks.test',
    summary: 'Send the endpoint a message of type test',
    subject: ofEndpoint,
    params: endpointPath,
    body: nothing,
    bodyRequired: false,
    problems: ['webhooks_off', 'conflict', 'limit_reached'],
    responses: { 202: { description: 'On its way; see its delivery', schema: deliverySchema } },
    handle: async ({ scope, endpoint }) => ({
      status: 202,
      body: presentDelivery(await scope.webhooks.test(endpoint.id)),
    }),
  }),
  defineRoute({
    method: 'GET',
    path: '/webhooks/{id}/deliveries',
    action: 'webhooks.deliveries.list',
    summary: 'What was sent to an endpoint and how that went, newest first',
    subject: ofEndpoint,
    params: endpointPath,
    query: deliveryList,
    responses: { 200: { description: 'A page', schema: pageOf(deliverySchema) } },
    handle: async ({ scope, endpoint, query }) => {
      const page = await scope.webhooks.deliveries(endpoint.id, given(query))
      return { status: 200, body: { ...page, data: page.data.map(presentDelivery) } }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/webhooks/{id}/deliveries/{delivery_id}/redeliver',
    action: 'webhooks.deliveries.redeliver',
    summary: 'Send a message again, under the same webhook-id',
    subject: ofEndpoint,
    params: deliveryPath,
    body: nothing,
    bodyRequired: false,
    problems: ['webhooks_off', 'conflict'],
    responses: { 202: { description: 'On its way again', schema: deliverySchema } },
    handle: async ({ scope, endpoint, params }) => {
      const delivery = await scope.webhooks.redeliver(endpoint.id, params.delivery_id)
      return { status: 202, body: presentDelivery(delivery) }
    },
  }),
]

/** Outgoing webhooks: the platform tenant's own endpoints. */
export const webhookEndpointRoutes: readonly Route[] = [...collection, ...single, ...deliveries]
