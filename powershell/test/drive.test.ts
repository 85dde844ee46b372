import { readdirSync, readFileSync } from 'node:fs'
import { freshTenant, hardenedTenant, startSimulator } from '@tenantscope/m365-simulator'
import { test } from 'vitest'
import { createCertificate, job, simulatorHost, startEngine } from './host.ts'

test('drive', async () => {
  const cert = process.env.CERT ? await createCertificate() : undefined
  const make = process.env.TEN === 'fresh' ? freshTenant : hardenedTenant
  const t = make()
  if (cert) t.app.certificates.push(cert.pem)
  const sim = await startSimulator({ tenants: [t], latency: (process.env.LAT as 'v1') ?? 'none' })
  const host = simulatorHost(sim, t, cert)
  const all = JSON.parse(
    readFileSync(new URL('../benchmarks/cis-m365-5.0.0.json', import.meta.url), 'utf8'),
  ).controls.map((c: { id: string }) => c.id)
  const srcs = readdirSync(new URL('../sources', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((n) => n.includes('/') && !n.endsWith('service.json'))
    .map((n) => JSON.parse(readFileSync(new URL('../sources/' + n, import.meta.url), 'utf8')))
    .filter((d) => !d.internal)
    .map((d) => d.id)
  const began = Date.now()
  const at: Record<number, number> = {}
  const e = startEngine(
    job({
      ...(process.env.ALLSRC ? { sources: srcs } : {}),
      controls: process.env.CTRL ? process.env.CTRL.split(',').filter(Boolean) : process.env.ALLSRC ? [] : all,
      ...(process.env.NOEV ? { keepEvidence: false } : {}),
      credentialKind: cert ? 'certificate' : 'client_secret',
      m365Tenant: { id: t.tenantId, defaultDomain: t.initialDomain },
      network: { proxyUrl: sim.proxyUrl, caFile: sim.caFile },
    }),
    host,
  )
  void e.frame((f) => f.t === 'ready').then(() => console.log('READY', Date.now() - began))
  void e.frame((f) => f.t === 'token.request').then(() => console.log('TOKENREQ', Date.now() - began))
  void e.frame((f) => f.t === 'check.finished').then(() => console.log('FIRSTCHECK', Date.now() - began))
  const run = await e.ended
  console.log('wall', Date.now() - began, 'chain', sim.longestChainMs(), 'floor', sim.floorMs())
  for (const f of run.frames)
    if (f.t !== 'evidence')
      console.log(
        f.ms ?? '',
        f.t,
        f.id ?? f.controlId ?? '',
        f.state ?? f.status ?? '',
        f.reasonCode ?? '',
        f.message ?? '',
        f.tookMs ?? '',
        f.requests ?? '',
        f.error ? JSON.stringify(f.error) : '',
        f.t === 'done' ? JSON.stringify(f) : '',
      )
  if (process.env.EVOUT) {
    const { writeFileSync } = await import('node:fs')
    writeFileSync(
      process.env.EVOUT,
      JSON.stringify({
        format: 'tenantscope-evidence/1',
        benchmark: { id: 'cis-m365', version: '5.0.0' },
        scanStartedAt: '2026-11-01T08:00:00Z',
        m365Tenant: { id: t.tenantId, defaultDomain: t.initialDomain },
        inputs: {},
        sources: Object.fromEntries(
          run.frames
            .filter((f) => f.t === 'evidence')
            .map((f) => [f.id, f.error ? { state: f.state, error: f.error } : { state: f.state, data: f.data }]),
        ),
      }),
    )
  }
  console.log('CODE', run.code, 'NOISE', run.noise, 'ERR', run.stderr)
  if (process.env.REQ)
    for (const r of sim.requests)
      console.log(r.service, r.method, r.status, r.path, r.sources ?? r.source, r.cmdlet ?? '')
  await host.close()
  await sim.close()
}, 120000)
