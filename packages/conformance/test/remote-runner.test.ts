import { type Runner, type RunnerEvent, type RunnerHost, type RunnerMessage, remoteRunner } from '@tenantscope/core'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type RunnerScenario, runnerSuite } from '../src/index.ts'
import { inMemoryRunner } from './in-memory-runner.ts'

runnerSuite({
  name: 'remote',
  test: { describe, it, beforeAll, afterAll },
  make: async (scenario) => {
    const { runner, leftovers } = remote(scenario)
    return { runner, leftovers: async () => leftovers() }
  },
})

/** A remote runner whose remote process lives in this one, and sends each message twice. */
function remote(scenario: RunnerScenario): { runner: Runner; leftovers: () => string[] } {
  const open = new Set<string>()
  const hosts = new Map<string, { host: RunnerHost; post: (message: RunnerMessage) => void }>()
  const { runner: local } = inMemoryRunner('judges')
  const runner = remoteRunner({
    local,
    receiverUrl: 'https://msp.example/api',
    drainMs: 50,
    dispatch: async ({ launch, signal }) => {
      const there = hosts.get(launch.scanId)
      if (!there) throw new Error('This run has no inbox.')
      const { job } = JSON.parse(launch.document())
      open.add(`launcher of ${launch.scanId}`)
      signal.addEventListener('abort', () => open.delete(`launcher of ${launch.scanId}`))
      const events = play(scenario, { ...job, scanStartedAt: new Date(job.scanStartedAt) }, there.host, signal)
      return { ended: send(events, there.post, { scan_id: launch.scanId, attempt: launch.attempt }) }
    },
  })
  const run: Runner['run'] = ({ job, host, signal }) => {
    const openInbox: RunnerHost['openInbox'] = async () => {
      const inbox = memoryInbox(() => open.delete(`inbox of ${job.scanId}`))
      open.add(`inbox of ${job.scanId}`)
      hosts.set(job.scanId, { host, post: inbox.post })
      return inbox
    }
    return runner.run({ job, host: { ...host, openInbox }, signal })
  }
  return { runner: { ...runner, run }, leftovers: () => [...open] }
}

/** What the engine elsewhere says; one that is deaf does not hear the signal. */
async function* play(
  scenario: RunnerScenario,
  job: Parameters<Runner['run']>[0]['job'],
  host: RunnerHost,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  const engine = { judges: 'judges', endless: 'endless', stubborn: 'endless', dies: 'dies', babbles: 'dies' } as const
  const heard = scenario === 'stubborn' ? new AbortController().signal : signal
  try {
    yield* inMemoryRunner(engine[scenario]).runner.run({ job, host, signal: heard })
  } catch (error) {
    if (scenario === 'babbles') yield { type: 'gossip' }
    throw error
  }
}

function send(events: AsyncGenerator<unknown>, post: (message: RunnerMessage) => void, about: object): Promise<string> {
  let sequence = 0
  const all = async () => {
    for await (const event of events) {
      const body = { ...about, sequence, events: [event as RunnerEvent] }
      for (const copy of ['a', 'b']) post({ id: `${sequence}${copy}`, sequence, body })
      sequence += 1
    }
    return 'exit code 0'
  }
  return all().catch(() => 'exit code 1')
}

function memoryInbox(onClose: () => void) {
  const waiting = new Map<string, RunnerMessage>()
  let wake = () => {}
  return {
    key: `whsec_${Buffer.alloc(32, 5).toString('base64')}`,
    post: (message: RunnerMessage) => {
      waiting.set(message.id, message)
      wake()
    },
    next: async (params: {
      handled: readonly string[]
      held: ReadonlySet<string>
      waitMs: number
      signal: AbortSignal
    }) => {
      for (const id of params.handled) waiting.delete(id)
      const fresh = () => [...waiting.keys()].some((id) => !params.held.has(id))
      if (!fresh() && !params.signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, params.waitMs)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
          params.signal.addEventListener('abort', wake, { once: true })
        })
      }
      return [...waiting.values()].sort((a, b) => a.sequence - b.sequence)
    },
    close: async () => onClose(),
  }
}
