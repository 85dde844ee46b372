import { afterEach, describe, expect, it } from 'vitest'
import { freshTenant, type Simulator, startSimulator } from '../index.ts'

let simulator: Simulator | undefined

afterEach(async () => {
  await simulator?.close()
  simulator = undefined
})

async function start(options: Partial<Parameters<typeof startSimulator>[0]> = {}): Promise<Simulator> {
  const long = `v=DKIM1; p=${'A'.repeat(400)}`
  const dns = {
    'long.contoso.com': [long],
    'empty.contoso.com': [],
    'broken.contoso.com': { error: 'ESERVFAIL' as const },
    'slow.contoso.com': { error: 'ETIMEOUT' as const },
  }
  simulator = await startSimulator({ tenants: [freshTenant({ dns })], ...options })
  return simulator
}

describe('resolveTxt', () => {
  it('gives records in chunks, whatever the spelling of the name', async () => {
    const { resolveTxt, requests, tenant } = await start()
    expect(await resolveTxt('Contoso.COM.')).toEqual([
      ['v=spf1 include:spf.protection.outlook.com -all'],
      ['MS=ms12345678'],
    ])
    const [record = []] = await resolveTxt('long.contoso.com')
    expect(record.map((chunk) => chunk.length)).toEqual([255, 156])
    expect(requests).toMatchObject([
      {
        service: 'dns',
        method: 'TXT',
        host: 'contoso.com',
        source: 'dns/txt',
        tenantId: tenant('0f1e5b7a-3c2d-4e6f-8a9b-1c2d3e4f5a6b').tenantId,
      },
      { host: 'long.contoso.com' },
    ])
  })

  it.each([
    ['nobody.contoso.com', 'ENOTFOUND'],
    ['empty.contoso.com', 'ENODATA'],
    ['broken.contoso.com', 'ESERVFAIL'],
    ['slow.contoso.com', 'ETIMEOUT'],
  ])('%s fails with %s', async (name, code) => {
    const { resolveTxt } = await start()
    await expect(resolveTxt(name)).rejects.toMatchObject({ code, hostname: name, syscall: 'queryTxt' })
  })

  it('fails as told, as often as told', async () => {
    const { resolveTxt } = await start({
      faults: [{ match: { service: 'dns', host: 'contoso.com' }, kind: 'status', times: 1 }],
    })
    await expect(resolveTxt('contoso.com')).rejects.toMatchObject({ code: 'ESERVFAIL' })
    expect(await resolveTxt('contoso.com')).toHaveLength(2)
  })
})
