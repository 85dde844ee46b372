#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { startSimulator } from './simulator.ts'
import { builtInTenant, builtInTenantNames } from './tenants/built-in.ts'
import type { TenantDocument, TenantOverrides } from './tenants/types.ts'

const help = `Plays Microsoft 365 on loopback until it is interrupted.

  node src/main.ts [--tenant <name>|<file.json>]... [--port 0] [--latency none|v1] [--latency-scale 1]

Names: ${builtInTenantNames.join(', ')}.
A file holds overrides for one of them: { "base": "hardened", "overrides": { … } }.
Without --tenant, fresh and hardened are served.`

async function load(name: string): Promise<TenantDocument> {
  if (!name.endsWith('.json')) return builtInTenant(name)
  const { base, overrides } = JSON.parse(await readFile(name, 'utf8')) as { base?: string; overrides?: TenantOverrides }
  return builtInTenant(base ?? 'fresh', overrides)
}

const { values } = parseArgs({
  options: {
    tenant: { type: 'string', multiple: true, default: ['fresh', 'hardened'] },
    port: { type: 'string', default: '0' },
    latency: { type: 'string', default: 'none' },
    'latency-scale': { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(help)
} else {
  const simulator = await startSimulator({
    tenants: await Promise.all(values.tenant.map(load)),
    port: Number(values.port),
    latency: values.latency === 'v1' ? 'v1' : 'none',
    latencyScale: Number(values['latency-scale']),
  })
  console.log(`HTTPS_PROXY=${simulator.proxyUrl} CA=${simulator.caFile}`)
  const stop = () => void simulator.close()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}
