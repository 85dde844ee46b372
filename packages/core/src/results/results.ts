import * as Effect from 'effect/Effect'
import * as z from 'zod'
import type { Benchmark, Control } from '../benchmarks/benchmark.ts'
import { benchmarks } from '../benchmarks/benchmarks.ts'
import { NotFoundError, type TenantscopeError } from '../errors/errors.ts'
import type { Run } from '../internal/run.ts'
import { type RunnerService, type Scope, type StorageService, withStorage } from '../internal/services.ts'
import type { Page } from '../paging/page.ts'
import { findScan } from '../scans/find-scan.ts'
import type { Scan } from '../scans/scan.ts'
import type { StoredEvidence } from '../storage/storage.ts'
import { pageSchema } from '../tenants/m365-tenant-input.ts'
import { validate } from '../validation/validate.ts'
import { resultStatuses, type ScanResult } from './result.ts'
import { type Score, scoreOf } from './score.ts'

const listSchema = z.strictObject({
  status: z
    .enum(resultStatuses)
    .nullish()
    .transform((status) => status ?? null),
  level: z.enum(['L1', 'L2']).nullish(),
  controlId: z.string().max(50).nullish(),
  /** A section number or its beginning: `5`, `5.2`, `5.2.2 Conditional Access`. */
  section: z.string().max(200).nullish(),
  q: z
    .string()
    .max(200)
    .nullish()
    .transform((q) => q ?? null),
  ...pageSchema,
})
export type ListResultsInput = z.input<typeof listSchema>

/** The results of one platform tenant's scans. Methods throw NotFoundError for what is missing or another platform tenant's. */
export interface Results {
  /** In benchmark order. */
  list(scanId: string, input?: ListResultsInput): Promise<Page<ScanResult>>
  get(scanId: string, controlId: string): Promise<ScanResult>
  /** From the results stored so far. */
  score(scanId: string): Promise<Score>
  /** What the sources answered, by source id; empty when the host keeps no evidence. */
  evidence(scanId: string): Promise<StoredEvidence[]>
}

export function results(run: Run, scope: Scope): Results {
  const { platformTenantId } = scope
  return {
    list: (scanId, input) => run(list(scope, scanId, input ?? {})),
    get: (scanId, controlId) =>
      run(
        Effect.flatMap(findScan(scope, scanId), (scan) =>
          Effect.flatMap(
            withStorage((storage) => storage.results.get({ platformTenantId, scanId: scan.id, controlId })),
            (result) => (result ? Effect.succeed(result) : Effect.fail(new NotFoundError('result'))),
          ),
        ),
      ),
    score: (scanId) =>
      run(Effect.map(findScan(scope, scanId), (scan) => scoreOf(scan.counts, scan.plannedControls.length))),
    evidence: (scanId) =>
      run(
        Effect.flatMap(findScan(scope, scanId), (scan) =>
          withStorage((storage) => storage.evidence.list({ platformTenantId, scanId: scan.id })),
        ),
      ),
  }
}

function list(
  scope: Scope,
  scanId: string,
  input: unknown,
): Effect.Effect<Page<ScanResult>, TenantscopeError, StorageService | RunnerService> {
  return Effect.gen(function* () {
    const { level, controlId, section, ...filter } = yield* validate(listSchema, input)
    const scan = yield* findScan(scope, scanId)
    const known = yield* benchmarks
    const controlIds = selectControls(scan, known, {
      level: level ?? null,
      controlId: controlId ?? null,
      section: section ?? null,
    })
    return yield* withStorage((storage) =>
      storage.results.list({ platformTenantId: scope.platformTenantId, scanId: scan.id, ...filter, controlIds }),
    )
  })
}

/** The planned controls that a filter leaves; null when it leaves all. */
function selectControls(
  scan: Scan,
  known: readonly Benchmark[],
  filter: { level: string | null; controlId: string | null; section: string | null },
): string[] | null {
  if (filter.level === null && filter.controlId === null && filter.section === null) return null
  const benchmark = known.find((one) => one.id === scan.benchmark.id && one.version === scan.benchmark.version)
  const controls = new Map<string, Control>(benchmark?.controls.map((control) => [control.id, control]))
  return scan.plannedControls.filter((id) => {
    const control = controls.get(id)
    if (filter.controlId !== null && id !== filter.controlId) return false
    if (filter.level !== null && control?.level !== filter.level) return false
    return filter.section === null || inSection(id, control, filter.section)
  })
}

function inSection(id: string, control: Control | undefined, section: string): boolean {
  return (
    id === section ||
    id.startsWith(`${section}.`) ||
    (control?.section.toLowerCase().startsWith(section.toLowerCase()) ?? false)
  )
}
