import { presentResult, presentWholeResult, resultStatusFromWire } from '../present/result.ts'
import { presentScan } from '../present/scan.ts'
import type { ProblemField } from '../problems/problem.ts'
import { nothing, pageOf } from '../schemas/common.ts'
import {
  resultList,
  resultPath,
  resultSchema,
  scanList,
  scanPath,
  scanSchema,
  scanStart,
  wholeResultSchema,
} from '../schemas/scan.ts'
import { controlIdOf } from './control-id.ts'
import { given } from './given.ts'
import { defineRoute, type Method, type Route } from './route.ts'

const ofScan = { type: 'scan', from: 'path' } as const

function checkStart(body: Record<string, unknown>): ProblemField[] {
  if (body.l1_only !== true || body.level !== 'L2') return []
  return [{ in: 'body', pointer: '/level', detail: 'contradicts l1_only; leave one of the two out.' }]
}

const collection: Route[] = [
  defineRoute({
    method: 'POST',
    path: '/scans/start',
    action: 'scans.start',
    summary: 'Start a scan; it runs in the background',
    subject: { type: 'scan', from: 'body' },
    body: scanStart,
    crossCheck: checkStart,
    pointers: {
      '/m365TenantId': '/m365_tenant_id',
      '/controlIds': '/check_ids',
      '/outputFormat': '/output_format',
    },
    responses: {
      202: {
        description: 'Pending; follow it by status or stream',
        schema: scanSchema,
        headers: { Location: 'The status of the scan.' },
      },
    },
    handle: async ({ req, scope, m365Tenant, body, service }) => {
      const benchmarks = await service.benchmarks()
      const wanted = body.benchmark
      const known = wanted
        ? benchmarks.filter(({ id, version }) => id === wanted.id && version === wanted.version)
        : benchmarks
      const controls = new Set(known.flatMap((benchmark) => benchmark.controls.map(({ id }) => id)))
      const scan = await scope.scans.start({
        m365TenantId: m365Tenant.id,
        ...given({
          benchmark: wanted,
          level: body.l1_only ? 'L1' : (body.level ?? undefined),
          profile: body.profile ?? undefined,
          controlIds: body.check_ids?.map((id) => controlIdOf(id, controls)),
          outputFormat: body.output_format ?? undefined,
        }),
      })
      const headers = { Location: `${req.baseUrl}/scans/${scan.id}/status` }
      return { status: 202, body: presentScan(scan), headers }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/scans',
    action: 'scans.list',
    summary: 'List the scans, newest first',
    subject: { type: 'scan', from: 'query' },
    query: scanList,
    responses: { 200: { description: 'A page', schema: pageOf(scanSchema) } },
    handle: async ({ scope, query, m365Tenant }) => {
      const { m365_tenant_id: filtered, status, since, cursor, limit } = query
      const page = await scope.scans.list(
        given({
          m365TenantId: filtered === undefined ? undefined : m365Tenant.id,
          status,
          since: since === undefined ? undefined : new Date(since),
          cursor,
          limit,
        }),
      )
      return { status: 200, body: { ...page, data: page.data.map(presentScan) } }
    },
  }),
]

const cancel = (method: Method, summary: string): Route =>
  defineRoute({
    method,
    path: '/scans/{scan_id}/cancel',
    action: 'scans.cancel',
    summary,
    subject: ofScan,
    params: scanPath,
    body: nothing,
    bodyRequired: false,
    responses: { 200: { description: 'The scan; a running one ends a moment later', schema: scanSchema } },
    handle: async ({ scope, scan }) => ({ status: 200, body: presentScan(await scope.scans.cancel(scan.id)) }),
  })

const single: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/scans/{scan_id}/status',
    action: 'scans.read',
    summary: 'How far a scan is',
    subject: ofScan,
    params: scanPath,
    responses: { 200: { description: 'The scan', schema: scanSchema } },
    handle: async ({ scan }) => ({ status: 200, body: presentScan(scan) }),
  }),
  cancel('DELETE', 'Cancel a scan'),
  cancel('POST', 'The same as DELETE'),
]

const results: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/scans/{scan_id}/results',
    action: 'results.list',
    summary: 'The results of a scan, in the order of the benchmark',
    subject: ofScan,
    params: scanPath,
    query: resultList,
    pointers: { '/level': '/category', '/controlId': '/check_id' },
    responses: { 200: { description: 'A page', schema: pageOf(resultSchema) } },
    handle: async ({ scope, scan, query, service }) => {
      const controls = await service.controls(scan.benchmark)
      const { status, category: level, check_id: checkId, section, q, cursor, limit } = query
      const page = await scope.results.list(
        scan.id,
        given({
          status: status === undefined ? undefined : resultStatusFromWire(status),
          level,
          controlId: checkId === undefined ? undefined : controlIdOf(checkId, new Set(scan.plannedControls)),
          section,
          q,
          cursor,
          // A whole benchmark in one answer, unless less is asked for.
          limit: limit ?? 200,
        }),
      )
      const { detailsPerResult } = service.limits
      const data = page.data.map((result) => presentResult(result, controls.get(result.controlId), detailsPerResult))
      return { status: 200, body: { ...page, data } }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/scans/{scan_id}/results/{check_id}',
    action: 'results.read',
    summary: 'One result whole, with its findings and the text of the control',
    subject: ofScan,
    params: resultPath,
    responses: { 200: { description: 'The result', schema: wholeResultSchema } },
    handle: async ({ scope, scan, params, service }) => {
      const controls = await service.controls(scan.benchmark)
      const controlId = controlIdOf(params.check_id, new Set(scan.plannedControls))
      const result = await scope.results.get(scan.id, controlId)
      return { status: 200, body: presentWholeResult(result, controls.get(controlId)) }
    },
  }),
]

export const scanRoutes: readonly Route[] = [...collection, ...single, ...results]
