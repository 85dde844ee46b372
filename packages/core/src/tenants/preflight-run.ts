import * as Effect from 'effect/Effect'
import * as z from 'zod'
import type { Benchmark, Control } from '../benchmarks/benchmark.ts'
import { findBenchmark } from '../benchmarks/benchmarks.ts'
import { openCredential } from '../credentials/credentials.ts'
import { InvalidInputError, isTenantscopeError, RunnerError, type TenantscopeError } from '../errors/errors.ts'
import { type CoreServices, now, RunnerService, type Scope, SignInService } from '../internal/services.ts'
import { type Service, services } from '../runner/runner.ts'
import { validate } from '../validation/validate.ts'
import type { TestSettings } from './connection-test.ts'
import type { M365Tenant } from './m365-tenant.ts'
import { type Preflight, type PreflightService, preflightOutcomes } from './preflight.ts'
import { ControlJudge, needsOf, sourcesReadFor } from './preflight-controls.ts'
import { grantsOf } from './preflight-grants.ts'
import { type Observations, observe, probes } from './preflight-probe.ts'
import { grantScript } from './preflight-script.ts'
import { claimsOf } from './preflight-sources.ts'
import { findTenant } from './tenant-rows.ts'

const preflightSchema = z.strictObject({
  benchmark: z.strictObject({ id: z.string().max(100), version: z.string().max(50) }).nullish(),
  controlIds: z
    .array(z.string('must be a control id').max(50, 'is not a control of this benchmark'))
    .min(1, 'must name one control at least, or be left out')
    .max(1_000)
    .nullish(),
})
/** Left out: the runner's first benchmark, and all of its controls. */
export type PreflightInput = z.input<typeof preflightSchema>

/** Fails when there is no credential or the engine cannot run; what the services refuse is part of the answer. */
export function preflight(
  scope: Scope,
  id: string,
  input: PreflightInput,
  settings: TestSettings,
): Effect.Effect<Preflight, TenantscopeError, CoreServices> {
  return Effect.gen(function* () {
    const wanted = yield* validate(preflightSchema, input)
    const tenant = yield* findTenant(scope, id)
    const benchmark = yield* findBenchmark(wanted.benchmark ?? null)
    const controls = yield* chosenControls(benchmark, wanted.controlIds ?? null)
    const credential = yield* openCredential({ platformTenantId: scope.platformTenantId, m365TenantId: tenant.id })
    const runner = yield* RunnerService
    const signIn = yield* SignInService
    const at = yield* now
    const asked = servicesOf(benchmark, controls)
    const seen = yield* Effect.tryPromise({
      try: (signal) =>
        observe({ runner, signIn, credential, tenant, benchmark, services: asked, settings, at, signal }),
      catch: (error) =>
        isTenantscopeError(error) ? error : new RunnerError('runner_failed', 'The runner failed.', { cause: error }),
    })
    return report({ tenant, benchmark, controls, seen, at, asked, clientId: credential.clientId })
  })
}

function report(params: {
  tenant: M365Tenant
  benchmark: Benchmark
  controls: readonly Control[]
  seen: Observations
  at: Date
  asked: readonly Service[]
  clientId: string | null
}): Preflight {
  const { tenant, benchmark, controls, seen, at, asked } = params
  const judge = new ControlJudge(benchmark, seen, tenant.inputs)
  const verdicts = controls.map((control) => judge.judge(control))
  const grants = grantsOf({ benchmark, controls, verdicts, seen, given: tenant.inputs })
  const told = services.map((service) => claimsOf(service, seen)?.appId).find((appId) => appId != null)
  const counts = Object.fromEntries(
    preflightOutcomes.map((outcome) => [outcome, verdicts.filter((verdict) => verdict.outcome === outcome).length]),
  ) as Preflight['counts']
  return {
    at,
    benchmark: { id: benchmark.id, version: benchmark.version },
    credentialKind: seen.credentialKind,
    services: asked.map((service) => presentService(service, seen)),
    counts,
    controls: verdicts.map(({ controlId, outcome, needs }) => ({ controlId, outcome, needs })),
    grants,
    script: grantScript({ grants, m365TenantId: tenant.m365TenantId, clientId: params.clientId ?? told ?? null }),
  }
}

function presentService(service: Service, seen: Observations): PreflightService {
  const token = seen.tokens.get(service)
  const claims = claimsOf(service, seen)
  const sourceId = probes[service]
  const probe = seen.probes.get(sourceId)
  return {
    service,
    signIn: signInOf(token),
    appRoles: claims && !claims.delegated ? [...claims.roles] : null,
    directoryRoleIds: claims?.wids ? [...claims.wids] : null,
    probe: {
      sourceId,
      state: probe?.state ?? 'not_collected',
      code: probe?.error?.code ?? null,
      message: probe?.error?.message ?? null,
    },
  }
}

function signInOf(token: ReturnType<Observations['tokens']['get']>): PreflightService['signIn'] {
  if (!token) return 'not_asked'
  if (token.granted) return 'ok'
  return token.error.reach === 'transient' ? 'failed' : 'refused'
}

/** The services that the controls read, those of origins and support included. Graph always: it knows the plans. */
function servicesOf(benchmark: Benchmark, controls: readonly Control[]): Service[] {
  const definitions = new Map(benchmark.sources?.map((definition) => [definition.id, definition]))
  const wanted = new Set(
    controls.flatMap((control) => {
      const declared = new Set(needsOf(control).flatMap(({ anyOf }) => anyOf))
      return [...sourcesReadFor([...declared], declared, definitions)].map(({ service }) => service)
    }),
  )
  return services.filter((service) => service === 'graph' || wanted.has(service))
}

function chosenControls(
  benchmark: Benchmark,
  ids: readonly string[] | null,
): Effect.Effect<readonly Control[], InvalidInputError> {
  if (!ids) return Effect.succeed(benchmark.controls)
  const known = new Set(benchmark.controls.map(({ id }) => id))
  const errors = ids.flatMap((id, index) =>
    known.has(id) ? [] : [{ pointer: `/controlIds/${index}`, detail: 'is not a control of this benchmark.' }],
  )
  if (errors.length > 0) return Effect.fail(new InvalidInputError(errors))
  return Effect.succeed(benchmark.controls.filter(({ id }) => ids.includes(id)))
}
