import { pgliteStorage } from '@tenantscope/adapter-postgres'
import { createTenantscope, envelopeSecretStore, type RegisterM365TenantInput, staticKeys } from '@tenantscope/core'
import { msalSignIn, pwshRunner } from '@tenantscope/runner-pwsh'

export async function scanOnce(
  key: Uint8Array,
  tenant: RegisterM365TenantInput,
  network?: { proxyUrl: string; caFile: string },
) {
  const tenantscope = createTenantscope({
    storage: pgliteStorage(),
    secrets: envelopeSecretStore({ keys: staticKeys([{ id: 'main', version: 1, key }]) }),
    runner: pwshRunner(network ? { network } : {}),
    signIn: msalSignIn(network),
  })
  await tenantscope.start()
  const { m365Tenants, scans, results } = tenantscope.forPlatformTenant('my-msp', { actor: 'me' })
  const { id } = await m365Tenants.register(tenant)
  const { id: scanId } = await scans.start({ m365TenantId: id })
  const scan = await scans.finished(scanId)
  const score = await results.score(scanId)
  await tenantscope.close()
  return { scan, score }
}
