import { whileConnected } from '../http/while-connected.ts'
import { presentPreflight } from '../present/preflight.ts'
import { invalid } from '../problems/problem.ts'
import { m365TenantPath } from '../schemas/m365-tenant.ts'
import { preflightQuery, preflightSchema } from '../schemas/preflight.ts'
import { controlIdOf } from './control-id.ts'
import { given } from './given.ts'
import { defineRoute, type Route } from './route.ts'

export const preflightRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/m365-tenants/{id}/preflight',
    action: 'm365_tenants.preflight',
    summary: 'Which checks a scan could run now, and what is missing for the others',
    subject: { type: 'm365_tenant', from: 'path' },
    params: m365TenantPath,
    query: preflightQuery,
    pointers: { '/controlIds': '/check_ids' },
    description: 'Signs in and reads one small thing per service; nothing is stored. Takes seconds.',
    problems: ['credential_missing'],
    responses: { 200: { description: 'Check by check, and one list of what to grant', schema: preflightSchema } },
    handle: async ({ res, scope, m365Tenant, query, service }) => {
      const { benchmark: id, version, check_ids: checkIds } = query
      if ((id === undefined) !== (version === undefined)) {
        const pointer = id === undefined ? '/benchmark' : '/version'
        throw invalid([{ in: 'query', pointer, detail: 'is required: a benchmark is named by both.' }])
      }
      const known = (await service.benchmarks()).flatMap(({ controls }) => controls.map((control) => control.id))
      const input = given({
        benchmark: id !== undefined && version !== undefined ? { id, version } : undefined,
        controlIds: checkIds?.map((checkId) => controlIdOf(checkId, new Set(known))),
      })
      const preflight = await whileConnected(res, (signal) =>
        scope.m365Tenants.preflight(m365Tenant.id, { ...input, signal }),
      )
      return { status: 200, body: presentPreflight(preflight, await service.controls(preflight.benchmark)) }
    },
  }),
]
