import { randomUUID } from 'node:crypto'
import {
  emptyCounts,
  type Finding,
  type M365Tenant,
  type NewScanEvent,
  type Scan,
  type ScanResult,
  type Storage,
  type StoredCredential,
  type StoredEvidence,
  stateEvent,
} from '@tenantscope/core'

/** A platform tenant that nobody else uses: how tests keep out of each other's way. */
export function newPlatformTenant(): string {
  return `platform-${randomUUID()}`
}

export function sampleTenant(platformTenantId: string, overrides: Partial<M365Tenant> = {}): M365Tenant {
  return {
    id: randomUUID(),
    platformTenantId,
    m365TenantId: randomUUID(),
    name: 'Contoso Ltd',
    defaultDomain: 'contoso.onmicrosoft.com',
    description: null,
    status: 'active',
    inputs: {},
    lastTest: null,
    createdAt: new Date('2026-03-01T10:00:00.123Z'),
    updatedAt: new Date('2026-03-01T10:00:00.123Z'),
    createdBy: 'ana',
    updatedBy: 'ana',
    ...overrides,
  }
}

export function sampleCredential(tenant: M365Tenant, overrides: Partial<StoredCredential> = {}): StoredCredential {
  return {
    id: randomUUID(),
    platformTenantId: tenant.platformTenantId,
    m365TenantId: tenant.id,
    kind: 'certificate',
    clientId: randomUUID(),
    thumbprint: 'ab12cd34',
    expiresAt: new Date('2027-01-02T03:04:05.678Z'),
    sealed: { certificate: { envelope: 'AQIDBA==', keyId: 'k1', keyVersion: 2 } },
    createdAt: new Date('2026-03-01T10:00:00.001Z'),
    updatedAt: new Date('2026-03-01T10:00:00.002Z'),
    ...overrides,
  }
}

export function sampleScan(tenant: M365Tenant, overrides: Partial<Scan> = {}): Scan {
  return {
    id: randomUUID(),
    platformTenantId: tenant.platformTenantId,
    m365TenantId: tenant.id,
    benchmark: { id: 'cis-m365', version: '5.0.0' },
    options: { level: 'L1', profile: null, controlIds: null, outputFormat: null },
    plannedControls: ['1.1.1', '1.1.3', '1.1.10', '2.1.1'],
    status: 'pending',
    attempt: 0,
    workerId: null,
    leaseExpiresAt: null,
    cancelRequestedAt: null,
    counts: emptyCounts(),
    currentControl: null,
    failureReason: null,
    errorMessage: null,
    lastSequence: 0,
    createdAt: new Date('2026-03-02T10:00:00.456Z'),
    createdBy: 'ana',
    startedAt: null,
    completedAt: null,
    ...overrides,
  }
}

export function sampleFinding(overrides: Partial<Finding> = {}): Finding {
  return {
    resourceId: 'user-1',
    resourceName: 'Adele',
    property: 'mfa',
    expected: true,
    actual: false,
    compliant: false,
    ...overrides,
  }
}

export function sampleResult(scan: Scan, controlId: string, overrides: Partial<ScanResult> = {}): ScanResult {
  return {
    scanId: scan.id,
    platformTenantId: scan.platformTenantId,
    m365TenantId: scan.m365TenantId,
    controlId,
    status: 'pass',
    reasonCode: null,
    message: 'All is as it should be.',
    findings: [],
    findingsTotal: 0,
    attempt: scan.attempt,
    startedAt: new Date('2026-03-02T10:01:00.001Z'),
    completedAt: new Date('2026-03-02T10:01:00.034Z'),
    durationMs: 33,
    ...overrides,
  }
}

export function sampleEvidence(sourceId: string, overrides: Partial<StoredEvidence> = {}): StoredEvidence {
  return { sourceId, state: 'read', data: { value: [1, 'two', null] }, error: null, ...overrides }
}

export function sampleEvent(overrides: Partial<NewScanEvent> = {}): NewScanEvent {
  return {
    type: 'check.finished',
    at: new Date('2026-03-02T10:01:00.034Z'),
    data: { controlId: '1.1.1', status: 'pass' },
    ...overrides,
  }
}

export const at = new Date('2026-03-02T10:05:00.789Z')
/** Long enough that no test outlives it. */
export const leaseMs = 600_000

/** A registered M365 tenant, under a platform tenant of its own unless one is given. */
export async function addTenant(storage: Storage, overrides: Partial<M365Tenant> = {}): Promise<M365Tenant> {
  const tenant = sampleTenant(overrides.platformTenantId ?? newPlatformTenant(), overrides)
  return must(await storage.m365Tenants.insert({ tenant, credential: null }), 'insert of an M365 tenant')
}

export async function addScan(storage: Storage, tenant: M365Tenant, overrides: Partial<Scan> = {}): Promise<Scan> {
  const scan = sampleScan(tenant, overrides)
  const stored = must(await storage.scans.insert({ scan, event: stateEvent(scan, scan.createdAt) }), 'insert of a scan')
  if (stored === 'limit_reached') throw new Error('insert of a scan gave limit_reached')
  return stored
}

/** A scan that `worker-1` runs. */
export async function addRunning(storage: Storage, overrides: Partial<Scan> = {}): Promise<Scan> {
  const scan = await addScan(storage, await addTenant(storage), overrides)
  return must(await storage.work.claim({ scanId: scan.id, workerId: 'worker-1', leaseMs, at }), 'claim')
}

/** Narrows to what a method must have given; says which call did not. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`${what} gave ${value}`)
  return value
}

/** `record` with nothing in it but what a test is about. */
export function recordOf(scan: Scan, parts: Partial<Parameters<Storage['work']['record']>[0]> = {}) {
  return {
    scanId: scan.id,
    attempt: scan.attempt,
    at,
    results: [],
    evidence: [],
    events: [],
    progress: false,
    ...parts,
  }
}

export function finishOf(scan: Scan, parts: Partial<Parameters<Storage['work']['finish']>[0]> = {}) {
  return {
    scanId: scan.id,
    attempt: scan.attempt,
    at,
    status: 'completed' as const,
    failureReason: null,
    errorMessage: null,
    notRun: { reasonCode: 'not_reached', message: 'The scan ended before.' },
    ...parts,
  }
}

/** The whole event log of a scan. */
export function eventsOf(storage: Storage, scan: Scan) {
  const { platformTenantId, id: scanId } = scan
  return storage.events.read({ platformTenantId, scanId, after: 0, limit: 100_000 })
}

/** The results of a scan, all of them. */
export async function resultsOf(storage: Storage, scan: Scan): Promise<ScanResult[]> {
  const { platformTenantId, id: scanId } = scan
  const page = await storage.results.list({
    platformTenantId,
    scanId,
    status: null,
    controlIds: null,
    q: null,
    cursor: null,
    limit: 200,
  })
  return page.data
}

export async function reload(storage: Storage, scan: Scan): Promise<Scan> {
  const { platformTenantId, id: scanId } = scan
  return must(await storage.scans.get({ platformTenantId, scanId }), 'scans.get')
}
