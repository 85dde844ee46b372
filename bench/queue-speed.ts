import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { postgresStorage } from '@tenantscope/adapter-postgres'
import { createTenantscope, envelopeSecretStore, type Runner, staticKeys } from '@tenantscope/core'
import { pgBossQueue } from '@tenantscope/queue-pg-boss'
import { PgBoss } from 'pg-boss'
import { startPostgres } from '../packages/adapter-postgres/test/postgres-server.ts'
import { acceptingSignIn, pacedRunner } from '../packages/queue-pg-boss/test/paced-runner.ts'
import { interleaved, line, median, timed } from './measure.ts'

async function onPostgres(figure: (url: string) => Promise<void>): Promise<void> {
  const server = await startPostgres()
  try {
    await figure(await server.createDatabase())
  } finally {
    await server.stop()
  }
}

/** What is dispatched in both: the start of a child, told as soon as it runs. */
async function startChild(onSpawned: () => void): Promise<void> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'spawn')
  onSpawned()
  await once(child, 'exit')
}

/** F-09: from the call of the API to the running child of a worker elsewhere, beside a bare pg-boss with notifications. */
export async function dispatch(pairs: number): Promise<void> {
  await onPostgres(async (url) => {
    const ours = await openOurs(url)
    const bare = await openBare(url)
    try {
      for (let i = 0; i < 5; i++) {
        await ours.once()
        await bare.once()
      }
      const of = (one: { once(): Promise<number> }) => async () => {
        const times: number[] = []
        for (let i = 0; i < 10; i++) times.push(await one.once())
        return median(times)
      }
      const { a, b, ratio } = await interleaved(pairs, of(ours), of(bare))
      line('dispatch of a scan / pg-boss with NOTIFY', ratio, { atMost: 1.5 }, `${a.toFixed(1)} ms, ${b.toFixed(1)} ms`)
      line('  dispatch of a scan, ms', a, { atMost: 50 }, '')
    } finally {
      await ours.close()
      await bare.close()
    }
  })
}

async function openOurs(url: string) {
  let spawned: () => void = () => {}
  const judging = pacedRunner({ pauseMs: 0, note: () => {}, take: async () => async () => {} })
  const runner: Runner = {
    ...judging,
    run: async function* (params) {
      await startChild(spawned)
      yield* judging.run(params)
    },
  }
  const key = createHash('sha256').update('only a bench').digest()
  const node = (worker: false | { concurrency: number }) =>
    createTenantscope({
      storage: postgresStorage({ url, maxConnections: 4 }),
      queue: pgBossQueue({ connectionString: url }),
      secrets: envelopeSecretStore({ keys: staticKeys([{ id: 'bench', version: 1, key }]) }),
      runner,
      signIn: acceptingSignIn,
      worker,
    })
  // Two installations' worth of connections: what one hears of the other goes through the database.
  const [api, worker] = [node(false), node({ concurrency: 4 })]
  await api.start()
  await worker.start()
  const scope = api.forPlatformTenant('bench', { actor: 'bench' })
  const tenant = await scope.m365Tenants.register({
    m365TenantId: randomUUID(),
    name: 'Bench',
    defaultDomain: 'bench.onmicrosoft.com',
    credential: { kind: 'client_secret', clientId: 'app', clientSecret: 'only-a-bench' },
  })
  return {
    once: async () => {
      let scanId = ''
      const ms = await timed(async () => {
        const running = new Promise<void>((resolve) => {
          spawned = resolve
        })
        scanId = (await scope.scans.start({ m365TenantId: tenant.id })).id
        await running
      })
      await scope.scans.finished(scanId)
      return ms
    },
    close: async () => {
      await worker.close()
      await api.close()
    },
  }
}

const bossOptions = (url: string) => ({
  connectionString: url,
  schema: 'bare',
  max: 4,
  schedule: false,
  useListenNotify: true,
})

async function openBare(url: string) {
  const [sender, worker] = [new PgBoss(bossOptions(url)), new PgBoss(bossOptions(url))]
  for (const boss of [sender, worker]) {
    boss.on('error', () => {})
    await boss.start()
  }
  await sender.createQueue('bare', { notify: true })
  let spawned: () => void = () => {}
  for (let i = 0; i < 4; i++) {
    const id: string = await worker.work(
      'bare',
      { pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 1 },
      async () => {
        await startChild(spawned)
        worker.notifyWorker(id)
      },
    )
  }
  return {
    once: () =>
      timed(async () => {
        const running = new Promise<void>((resolve) => {
          spawned = resolve
        })
        await sender.send('bare', { scanId: randomUUID() })
        await running
      }),
    close: async () => {
      await worker.stop({ graceful: true, timeout: 5_000 })
      await sender.stop({ graceful: true, timeout: 5_000 })
    },
  }
}

/** F-10: how many waiting entries go through the port in a second, claimed and finished one by one by four workers, beside pg-boss's own. */
export async function claims(pairs: number, entries = 400): Promise<void> {
  await onPostgres(async (url) => {
    const ours = async () => {
      const name = `ours-${randomUUID()}`
      const queue = pgBossQueue({ connectionString: url, name })
      try {
        for (let i = 0; i < entries; i++)
          await queue.enqueue({ platformTenantId: 'p', m365TenantId: randomUUID(), scanId: randomUUID() })
        return await timed(() =>
          drained(entries, (done) =>
            queue.consume({
              concurrency: 4,
              deliver: async () => {
                done()
                return { kind: 'done' }
              },
            }),
          ),
        )
      } finally {
        await queue.close()
      }
    }
    const bare = async () => {
      const name = `bare-${randomUUID()}`
      const boss = new PgBoss(bossOptions(url))
      boss.on('error', () => {})
      await boss.start()
      try {
        await boss.createQueue(name, { notify: true })
        for (let i = 0; i < entries; i++) await boss.send(name, { scanId: randomUUID() })
        return await timed(() =>
          drained(entries, async (done) => {
            for (let i = 0; i < 4; i++) {
              const id: string = await boss.work(
                name,
                { pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 1 },
                async () => {
                  done()
                  boss.notifyWorker(id)
                },
              )
            }
          }),
        )
      } finally {
        await boss.stop({ graceful: true, timeout: 5_000 })
      }
    }
    const { a, b, ratio } = await interleaved(pairs, bare, ours)
    const rate = (ms: number) => `${Math.round((entries / ms) * 1_000)}/s`
    line(
      'claim and finish through the port / pg-boss, per second',
      ratio,
      { atLeast: 0.8 },
      `ours ${rate(b)}, pg-boss ${rate(a)}`,
    )
  })
}

/** Resolves when `done` was called so many times. */
async function drained(times: number, begin: (done: () => void) => Promise<void>): Promise<void> {
  let left = times
  await new Promise<void>((resolve, reject) => {
    const done = () => {
      left -= 1
      if (left === 0) resolve()
    }
    begin(done).catch(reject)
  })
}
