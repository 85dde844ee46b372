import { randomBytes, randomUUID } from 'node:crypto'
import {
  createTenantscope,
  envelopeSecretStore,
  type LaunchDocument,
  launchDocumentSchema,
  type Runner,
  type RunnerEvent,
  remoteRunner,
  staticKeys,
} from '@tenantscope/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresStorage } from '../src/index.ts'
import { missingPostgres, newDatabase, type TestDatabase } from './databases.ts'

const missing = missingPostgres()
const key = randomBytes(32)
const controlIds = ['1.1.1', '1.1.2']

const control = (id: string) => ({
  id,
  check: `entra/check-${id}`,
  title: `Control ${id}`,
  level: 'L1' as const,
  licence: 'E3' as const,
  profiles: ['E3-L1' as const],
  section: '1.1 Users',
  assessment: 'automated' as const,
  automated: true,
  severity: 'high' as const,
  rationale: 'why',
  impact: 'none',
  remediation: { portal: 'here', command: null, note: null },
  references: [],
  manualSteps: [],
  sources: ['graph/organization'],
  inputs: [],
})

const local: Runner = {
  name: 'catalogue',
  benchmarks: async () => [
    {
      id: 'cis-m365',
      version: '5.0.0',
      name: 'CIS',
      released: '2025-04-30',
      controls: controlIds.map(control),
      inputs: [],
    },
  ],
  // biome-ignore lint/correctness/useYield: it is never run
  run: async function* () {
    throw new Error('Nothing runs here.')
  },
  health: async () => ({ ok: true, detail: '' }),
  close: async () => {},
}

const checked = (controlId: string): RunnerEvent => ({
  type: 'check.finished',
  controlId,
  status: 'pass',
  reasonCode: null,
  message: 'Fine.',
  findings: [],
  findingsTotal: 0,
  durationMs: 1,
})
const stats = { wallMs: 1, requests: 0, sources: 0, checks: 2, peakMb: 1, cpuMs: 1 }

describe.skipIf(missing)(`remote runs in PostgreSQL${missing ? ` (${missing})` : ''}`, () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await newDatabase()
  })
  afterAll(async () => {
    await database?.drop()
  })

  /** A process of one installation: the same database, the same key, nothing else in common. */
  function node(worker: false | undefined, launched: (document: LaunchDocument) => void) {
    return createTenantscope({
      storage: postgresStorage({ url: database.url }),
      secrets: envelopeSecretStore({ keys: staticKeys([{ id: 'main', version: 1, key }]) }),
      runner: remoteRunner({
        dispatch: async ({ launch }) => launched(launchDocumentSchema.parse(JSON.parse(launch.document()))),
        receiverUrl: 'https://msp.example/api',
        local,
      }),
      signIn: {
        acquire: async () => ({ accessToken: 'the-token', expiresAt: new Date('2027-01-01T00:00:00Z') }),
        forget: () => {},
      },
      worker: worker ?? { sweepMs: 200 },
    })
  }

  it('are received by any process, and a token is given by any', async () => {
    const launch = Promise.withResolvers<LaunchDocument>()
    const front = node(false, () => {})
    await front.start()
    const back = node(undefined, launch.resolve)
    await back.start()
    try {
      const { m365Tenants, scans } = front.forPlatformTenant('msp-1', { actor: 'ann' })
      const tenant = await m365Tenants.register({
        m365TenantId: randomUUID(),
        name: 'Contoso',
        defaultDomain: 'contoso.onmicrosoft.com',
        credential: { kind: 'client_secret', clientId: randomUUID(), clientSecret: 'a-secret-value' },
      })
      const scan = await scans.start({ m365TenantId: tenant.id })
      const document = await launch.promise
      const stored = await database.admin<{ sealed_key: { envelope: string } }>('select * from tenantscope.remote_runs')
      expect(JSON.stringify(stored)).not.toContain(document.key.slice(6, 40))
      const run = await front.remoteRuns.keyFor(scan.id)
      expect(run?.key).toBe(document.key)
      if (!run) throw new Error('no key')
      const { signal } = new AbortController()
      const about = { scan_id: scan.id, attempt: 1 }
      const scope = 'https://graph.microsoft.com/.default'
      const question = { ...about, service: 'graph', scope, refresh: false }
      expect((await front.remoteRuns.token({ run, id: 'q', payload: question, signal })).kind).toBe('answer')
      const done: RunnerEvent = { type: 'done', outcome: 'completed', error: null, stats }
      const data = Buffer.from(JSON.stringify(checked('1.1.1')))
      const fragment = (offset: number, end: number) => ({
        ...about,
        sequence: 0,
        fragment: { offset, last: end >= data.length, data: data.subarray(offset, end).toString('base64') },
      })
      const messages = [
        { ...about, sequence: 1, events: [checked('1.1.2'), done], total: 3 },
        fragment(30, data.length),
        fragment(0, 30),
        fragment(0, 30),
      ]
      for (const [i, payload] of messages.entries()) {
        const answer = await front.remoteRuns.accept({ run, id: `m${i}`, payload, bytes: 500 })
        expect(answer.kind).toMatch(/stored|known|ended/)
      }
      const ended = await scans.finished(scan.id)
      expect([ended.status, ended.counts.pass]).toEqual(['completed', 2])
      expect(await database.admin('select * from tenantscope.remote_messages')).toEqual([])
    } finally {
      await back.close()
      await front.close()
    }
  })
})
