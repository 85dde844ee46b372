import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { builtInTenant, builtInTenantNames, type TenantDocument, unicodeTenant } from '../index.ts'
import { startSimulator } from '../simulator.ts'
import { loadTenant } from './built-in.ts'

async function fromFile(content: unknown): Promise<TenantDocument> {
  const folder = await mkdtemp(join(tmpdir(), 'm365-simulator-test-'))
  try {
    const file = join(folder, 'tenant.JSON')
    await writeFile(file, JSON.stringify(content))
    return await loadTenant(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

describe('built-in tenants', () => {
  it('are found by name', async () => {
    expect(await loadTenant('unicode')).toEqual(unicodeTenant())
    for (const name of ['Fresh', 'constructor', ''])
      await expect(loadTenant(name)).rejects.toThrow(/Use one of fresh, hardened, /)
  })

  it('are changed by a file', async () => {
    const tenant = await fromFile({ base: 'no-licences', overrides: { displayName: 'From a file' } })
    expect([tenant.name, tenant.displayName]).toEqual(['no-licences', 'From a file'])
    expect((await fromFile({})).name).toBe('fresh')
    expect((await fromFile({ base: 'large', scale: { users: 7 } })).graph.users).toHaveLength(7)
  })

  it('can all be served by one simulator', async () => {
    const simulator = await startSimulator({ tenants: builtInTenantNames.map((name) => builtInTenant(name)) })
    try {
      for (const name of builtInTenantNames)
        expect(simulator.tenant(builtInTenant(name, {}, { users: 5 }).tenantId).name).toBe(name)
    } finally {
      await simulator.close()
    }
  })
})
