import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterEach, expect } from 'vitest'
import { type FakeAnswer, type FakeRequest, type FakeServices, startFakeServices } from './fake-services.ts'
import { type EngineRun, type HostAnswers, job, type RunningEngine, startEngine } from './host.ts'
import { createStubModules, exchangeConnect, type StubModule, type StubModules } from './module-stubs.ts'

export const limits = { callTimeoutMs: 20_000, sourceTimeoutMs: 30_000, scanTimeoutMs: 120_000, maxRetries: 5 }
export const token = { accessToken: 'aaa.bbb.ccc', expiresAt: '2030-01-01T00:00:00Z' }
export const onLinux = process.platform === 'linux'
/** Ended, closed and removed after each test of the file that imports this. */
const running: RunningEngine[] = []
export let services: FakeServices | undefined
export let stubs: StubModules | undefined

afterEach(async () => {
  for (const engine of running.splice(0)) {
    engine.endInput()
    await engine.ended
  }
  await services?.close()
  await stubs?.remove()
  services = undefined
  stubs = undefined
})

interface Options {
  overrides?: Record<string, unknown>
  answers?: HostAnswers
  rest?: (request: FakeRequest) => FakeAnswer
}

export async function start(sources: string[], modules: Record<string, StubModule>, options: Options = {}) {
  services = await startFakeServices(options.rest ?? (() => ({ status: 500 })))
  stubs = await createStubModules(modules)
  const line = job({
    controls: [],
    sources,
    transport: { exchange: 'module', compliance: 'module', teams: 'module', sharepoint: 'module' },
    modulePath: [stubs.path],
    network: { proxyUrl: services.proxyUrl, caFile: services.caFile },
    credentialKind: 'certificate',
    limits,
    ...options.overrides,
  })
  const engine = startEngine(line, options.answers ?? { token: () => token })
  running.push(engine)
  return engine
}

export async function read(...args: Parameters<typeof start>): Promise<EngineRun> {
  const run = await (await start(...args)).ended
  expect(run.frames.at(-1), run.stderr).toMatchObject({ t: 'done', outcome: 'completed' })
  return run
}

export const exchange = (code: string, version?: string): Record<string, StubModule> => ({
  ExchangeOnlineManagement: { code: exchangeConnect + code, ...(version ? { version } : {}) },
})
export const source = (run: EngineRun, id: string) =>
  run.frames.find((frame) => frame.t === 'source.read' && frame.id === id)
export const evidence = (run: EngineRun, id: string) =>
  run.frames.find((frame) => frame.t === 'evidence' && frame.id === id)
export const connections = () =>
  readFileSync(stubs?.file('connected.jsonl') ?? '', 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
export const hash = (text: string) => createHash('sha256').update(text).digest('hex')

/** A tenant with Exchange, without Defender. */
export const organization: FakeAnswer = {
  body: {
    value: [
      {
        id: 'o',
        assignedPlans: [{ servicePlanId: 'efb87545-963c-4e0d-99df-69c6916d9eb0', capabilityStatus: 'Enabled' }],
        verifiedDomains: [{ name: 'first.onmicrosoft.com', isInitial: true }],
      },
    ],
  },
}

/** Modules without an engine. */
export async function stubsAlone(modules: Record<string, StubModule>): Promise<StubModules> {
  stubs = await createStubModules(modules)
  return stubs
}
