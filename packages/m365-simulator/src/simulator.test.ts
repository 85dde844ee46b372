import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { dirname } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { freshTenant, hardenedTenant, SimulatorOptionError, startSimulator } from './index.ts'
import { Client, scopes } from './testing/client.ts'

let client: Client | undefined

afterEach(async () => {
  await client?.close()
  client = undefined
})

describe('the simulator', () => {
  it('serves two tenants under the real host names', async () => {
    const tenants = [freshTenant(), hardenedTenant()]
    client = await Client.start({ tenants })
    for (const tenant of tenants) {
      const token = await client.token(tenant, scopes.graph)
      const response = await client.fetch('https://graph.microsoft.com/v1.0/organization', {
        headers: { authorization: `Bearer ${token}` },
      })
      const body = (await response.json()) as { value: { id: string; displayName: string }[] }
      expect(response.status).toBe(200)
      expect(body.value).toMatchObject([{ id: tenant.tenantId, displayName: tenant.displayName }])
    }
    expect(
      client.simulator.requests.map((record) => [record.service, record.source, record.tenantId, record.status]),
    ).toEqual(
      tenants.flatMap(({ tenantId }) => [
        ['signin', 'signin/token', tenantId, 200],
        ['graph', 'graph/organization', tenantId, 200],
      ]),
    )
    client.simulator.clearRequests()
    expect(client.simulator.requests).toEqual([])
  })

  it('refuses tunnels to hosts it does not play, with words, and opens no connection', async () => {
    client = await Client.start({ tenants: [freshTenant()] })
    const { hostname, port } = new URL(client.simulator.proxyUrl)
    const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const asked = request({ host: hostname, port, method: 'CONNECT', path: 'example.org:443' })
      asked.on('connect', (response, socket, head) => {
        const parts: Buffer[] = [head]
        socket.on('data', (part: Buffer) => parts.push(part))
        socket.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(parts).toString() }))
      })
      asked.on('error', reject)
      asked.end()
    })
    expect(answer.status).toBe(502)
    expect(answer.text).toContain('does not play example.org:443')
    expect(client.simulator.requests).toEqual([])
  })

  it('answers plain HTTP with 502', async () => {
    client = await Client.start({ tenants: [freshTenant()] })
    const response = await fetch(client.simulator.proxyUrl)
    expect(response.status).toBe(502)
    expect(await response.text()).toContain('CONNECT only')
  })

  it('leaves no file behind', async () => {
    const simulator = await startSimulator({ tenants: [freshTenant()] })
    expect(existsSync(simulator.caFile)).toBe(true)
    await simulator.close()
    expect(existsSync(dirname(simulator.caFile))).toBe(false)
  })

  it('says what is wrong with its options', async () => {
    await expect(startSimulator({ tenants: [] })).rejects.toThrow(SimulatorOptionError)
    await expect(startSimulator({ tenants: [freshTenant(), freshTenant()] })).rejects.toThrow('share')
    await expect(
      startSimulator({ tenants: [freshTenant()], throttle: { share: 2, retryAfter: 'always' } }),
    ).rejects.toThrow('throttle.share')
    await expect(
      startSimulator({ tenants: [freshTenant()], faults: [{ match: { service: 'grpah' }, kind: 'hang' }] }),
    ).rejects.toThrow('grpah')
  })
})
