import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { freshTenant, startSimulator } from '@tenantscope/m365-simulator'
import { expect, it } from 'vitest'
import { scanOnce } from '../src/embed.ts'

it('scans a tenant in at most 20 lines of host code', async () => {
  const source = readFileSync(fileURLToPath(new URL('../src/embed.ts', import.meta.url)), 'utf8')
  const lines = source.split('\n').filter((line) => line.trim() && !line.startsWith('import '))
  expect(lines.length).toBeLessThanOrEqual(20)

  const document = freshTenant()
  const simulator = await startSimulator({ tenants: [document] })
  const { clientId, clientSecret } = document.app
  const tenant = {
    m365TenantId: document.tenantId,
    name: document.displayName,
    defaultDomain: document.initialDomain,
    credential: { kind: 'client_secret' as const, clientId, clientSecret },
  }
  const network = { proxyUrl: simulator.proxyUrl, caFile: simulator.caFile }
  const outcome = await scanOnce(randomBytes(32), tenant, network).finally(() => simulator.close())
  expect(outcome.scan.status).toBe('completed')
  expect(outcome.score).toMatchObject({ planned: outcome.scan.plannedControls.length })
  expect(outcome.score.judged).toBeGreaterThan(0)
})
