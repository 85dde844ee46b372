import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { memoryStorage } from '@tenantscope/core'
import { freshTenant, startSimulator } from '@tenantscope/m365-simulator'
import { childLauncher } from './child-launcher.ts'
import { startHost } from './host.ts'

// In an installation: ['tenantscope-run', …].
const program = fileURLToPath(new URL('../../../packages/runner-pwsh/src/remote/main.ts', import.meta.url))

const tenant = freshTenant()
const simulator = await startSimulator({ tenants: [tenant] })
const { proxyUrl, caFile } = simulator
const remote = ['--conditions=@tenantscope/source', program, '--proxy', proxyUrl, '--ca-file', caFile]
const host = await startHost({
  storage: memoryStorage(),
  key: randomBytes(32),
  dispatch: childLauncher([process.execPath, ...remote], {
    onStart: (pid) => console.log(`remote process ${pid}`),
  }),
  network: { proxyUrl, caFile },
})
try {
  const { m365Tenants, scans } = host.tenantscope.forPlatformTenant('my-msp', { actor: 'me' })
  const { id } = await m365Tenants.register({
    m365TenantId: tenant.tenantId,
    name: tenant.displayName,
    defaultDomain: tenant.initialDomain,
    credential: { kind: 'client_secret', clientId: tenant.app.clientId, clientSecret: tenant.app.clientSecret },
  })
  const scan = await scans.start({ m365TenantId: id, controlIds: ['1.1.1', '3.1.1', '5.1.2.2', '6.1.1'] })
  const { status, counts, errorMessage } = await scans.finished(scan.id)
  console.log(status, counts, errorMessage ?? '')
  console.log(await host.tenantscope.remoteRuns.status({ platformTenantId: 'my-msp', scanId: scan.id }))
} finally {
  await host.close()
  await simulator.close()
}
