import { pgliteStorage } from '@tenantscope/adapter-postgres'
import { createTenantscope, envelopeSecretStore, staticKeys } from '@tenantscope/core'
import { msalSignIn, pwshRunner } from '@tenantscope/runner-pwsh'

export async function scanOnce(
  key: string,
  tenant: { id: string; domain: string; clientId: string; clientSecret: string },
) {
  const tenantscope = createTenantscope({
    storage: pgliteStorage({ dataDir: 'memory://' }),
    secrets: envelopeSecretStore({ keys: staticKeys([{ id: 'main', version: 1, key }]) }),
    runner: pwshRunner(),
    signIn: msalSignIn(),
  })
  await tenantscope.start()
  const { m365Tenants, scans, results } = tenantscope.forPlatformTenant('my-msp', { actor: 'me' })
  const credential = { kind: 'client_secret' as const, clientId: tenant.clientId, clientSecret: tenant.clientSecret }
  const { id } = await m365Tenants.register({
    m365TenantId: tenant.id,
    name: tenant.domain,
    defaultDomain: tenant.domain,
    credential,
  })
  const scan = await scans.start({ m365TenantId: id })
  for await (const event of scans.events(scan.id))
    if (event.type === 'check.finished') console.log(event.data.controlId, event.data.status)
  return { scan: await scans.get(scan.id), score: await results.score(scan.id), close: tenantscope.close }
}
