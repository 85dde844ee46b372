import * as z from 'zod'
import { presentBenchmark, presentControl } from '../present/result.ts'
import { notFound } from '../problems/from-error.ts'
import { pageOf } from '../schemas/common.ts'
import { benchmarkWireSchema, checkId, controlWireSchema } from '../schemas/scan.ts'
import { controlIdOf } from './control-id.ts'
import { defineRoute, type Route, type ServiceContext } from './route.ts'

const version = z.strictObject({ id: checkId, version: checkId })
const subject = { type: 'benchmark' } as const

async function find(service: ServiceContext, wanted: { id: string; version: string }) {
  const all = await service.benchmarks()
  const found = all.find(({ id, version: each }) => id === wanted.id && each === wanted.version)
  if (!found) throw notFound()
  return found
}

export const benchmarkRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/benchmarks',
    action: 'benchmarks.read',
    summary: 'The benchmarks that this service can run',
    subject,
    responses: { 200: { description: 'All of them', schema: pageOf(benchmarkWireSchema) } },
    handle: async ({ service }) => {
      const data = (await service.benchmarks()).map(presentBenchmark)
      return { status: 200, body: { data, next: null, prev: null } }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/benchmarks/{id}/{version}/controls',
    action: 'benchmarks.read',
    summary: 'The controls of a benchmark, with their texts',
    subject,
    params: version,
    responses: { 200: { description: 'All of them', schema: pageOf(controlWireSchema) } },
    handle: async ({ service, params }) => {
      const { controls } = await find(service, params)
      return { status: 200, body: { data: controls.map(presentControl), next: null, prev: null } }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/benchmarks/{id}/{version}/controls/{control}',
    action: 'benchmarks.read',
    summary: 'One control',
    subject,
    params: version.extend({ control: checkId }),
    responses: { 200: { description: 'The control', schema: controlWireSchema } },
    handle: async ({ service, params }) => {
      const { controls } = await find(service, params)
      const wanted = controlIdOf(params.control, new Set(controls.map(({ id }) => id)))
      const control = controls.find(({ id }) => id === wanted)
      if (!control) throw notFound()
      return { status: 200, body: presentControl(control) }
    },
  }),
]
