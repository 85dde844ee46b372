#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { startSimulator } from './simulator.ts'
import { builtInTenantNames, loadTenant } from './tenants/built-in.ts'

const help = `Plays Microsoft 365 on loopback until it is interrupted.

  node src/main.ts [--tenant <name>|<file.json>]... [--port 0] [--latency none|v1] [--latency-scale 1]
              [--rate-limits conditional-access|documented]

Names: ${builtInTenantNames.join(', ')}.
A file holds overrides for one of them: { "base": "hardened", "overrides": { … } }; for large also "scale".
Without --tenant, fresh and hardened are served.`

const { values } = parseArgs({
  options: {
    tenant: { type: 'string', multiple: true, default: ['fresh', 'hardened'] },
    port: { type: 'string', default: '0' },
    latency: { type: 'string', default: 'none' },
    'latency-scale': { type: 'string', default: '1' },
    'rate-limits': { type: 'string', default: 'conditional-access' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(help)
} else {
  const simulator = await startSimulator({
    tenants: await Promise.all(values.tenant.map(loadTenant)),
    port: Number(values.port),
    latency: values.latency === 'v1' ? 'v1' : 'none',
    latencyScale: Number(values['latency-scale']),
    rateLimits: values['rate-limits'] === 'documented' ? 'documented' : [],
  })
  console.log(`HTTPS_PROXY=${simulator.proxyUrl} CA=${simulator.caFile}`)
  const stop = () => void simulator.close()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}
