import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type FakeServices, startFakeServices } from './fake-services.ts'
import { job, startEngine } from './host.ts'
import { runPwsh } from './pwsh.ts'

/** What customers read when a source was not read: control, source, state, error, message. */
const rows: [control: string, source: string, state: string, error: object, message: string][] = [
  [
    '7.3.1',
    'sharepoint/tenant',
    'not_supported',
    { code: 'certificate_needed', message: 'x' },
    "SharePoint's admin API refuses apps that sign in with a secret; use a certificate.",
  ],
  [
    '6.1.1',
    'exchange/Get-OrganizationConfig',
    'denied',
    { code: 'forbidden', message: 'HTTP 403', permission: 'directory role Global Reader' },
    'Exchange Online refused the read: the app needs directory role Global Reader.',
  ],
  [
    '9.1.1',
    'fabric/tenantSettings',
    'denied',
    { code: 'power_bi_permission', message: 'HTTP 500' },
    "Fabric's admin API refuses apps that hold a Power BI permission: take it away from the app.",
  ],
  [
    '5.1.2.2',
    'graph/policies/authorizationPolicy',
    'denied',
    { code: 'AADSTS7000222', message: 'Signing in to Microsoft Graph failed: the secret has expired.' },
    'Signing in to Microsoft Graph failed: the secret has expired.',
  ],
  [
    '5.2.2.1',
    'graph/identity/conditionalAccess/policies',
    'unlicensed',
    { code: 'no_licence', message: 'HTTP 403', licence: 'AAD_PREMIUM or AAD_PREMIUM_P2' },
    'The tenant has no licence for this: it needs Microsoft Entra ID P1 or Microsoft Entra ID P2.',
  ],
  [
    '4.1',
    'graph/deviceManagement/settings',
    'unlicensed',
    { code: 'x', message: 'HTTP 400' },
    'The tenant has no licence for this, says Microsoft Graph.',
  ],
  [
    '8.5.3',
    'teams/Get-CsTeamsMeetingPolicy',
    'not_supported',
    { code: 'cloud_not_supported', message: 'x' },
    'Microsoft Teams has no address in this cloud that the engine knows.',
  ],
]

test('a control without its source names the service and what to do, not the source', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tenantscope-messages-'))
  try {
    const path = join(folder, 'evidence.json')
    const sources = Object.fromEntries(rows.map(([, source, state, error]) => [source, { state, error }]))
    const tenant = { id: '00000000-0000-0000-0000-000000000001', defaultDomain: 'contoso.onmicrosoft.com' }
    const head = { format: 'tenantscope-evidence/1', scanStartedAt: '2026-11-01T08:00:00Z', m365Tenant: tenant }
    await writeFile(path, JSON.stringify({ ...head, inputs: {}, sources }))
    const controls = rows.map(([control]) => control).join(',')
    const output = await runPwsh('Start-Checks.ps1', ['-EvidencePath', path, '-ControlId', controls])
    const { results } = JSON.parse(output.stdout) as { results: { controlId: string; message: string }[] }
    expect(results.map(({ controlId, message }) => [controlId, message])).toEqual(
      rows.map(([control, , , , message]) => [control, message]),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('a sign-in that fails says so, and names no permission that would not help', async () => {
  let services: FakeServices | undefined
  try {
    services = await startFakeServices(() => ({ body: {} }))
    const network = { proxyUrl: services.proxyUrl, caFile: services.caFile }
    const token = () => ({ error: { code: 'AADSTS7000215', message: 'the secret is wrong.', state: 'denied' } })
    const run = await startEngine(job({ network }), { token }).ended
    expect(run.frames.find(({ t }) => t === 'source.read')).toMatchObject({
      state: 'denied',
      error: { code: 'AADSTS7000215', message: 'Signing in to Microsoft Graph failed: the secret is wrong.' },
    })
    const verdict = run.frames.find(({ t }) => t === 'check.finished')
    expect(verdict).toMatchObject({
      reasonCode: 'permission_missing',
      message: 'Signing in to Microsoft Graph failed: the secret is wrong.',
    })
    expect(run.frames.find(({ t }) => t === 'source.read')?.error).not.toHaveProperty('permission')
  } finally {
    await services?.close()
  }
})
