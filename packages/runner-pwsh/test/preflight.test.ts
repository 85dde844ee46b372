import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {
  type CredentialInput,
  createTenantscope,
  envelopeSecretStore,
  inProcessQueue,
  memoryStorage,
  type PlatformTenantScope,
  type Preflight,
  type PreflightOutcome,
  type ResultStatus,
  staticKeys,
  type Tenantscope,
} from '@tenantscope/core'
import {
  freshTenant,
  hardenedTenant,
  type Simulator,
  startSimulator,
  type TenantDocument,
} from '@tenantscope/m365-simulator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { msalSignIn, pwshRunner } from '../src/index.ts'
import { findLaunch } from '../src/process/launch.ts'

// The engine and the sign-in as they are, against a Microsoft 365 on loopback. Needs PowerShell: without it these tests are skipped.
const probe = pwshRunner()
const { ok: hasPowerShell } = await probe.health()
await probe.close()

const certificate = ['cert.pem', 'key.pem'].map((name) =>
  readFileSync(new URL(`certificates/${name}`, import.meta.url), 'utf8'),
)
type App = TenantDocument['app']

/** What PowerShell's own parser finds wrong with a script. Nothing of it is run. */
async function parseErrors(script: string): Promise<string[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'preflight-test-'))
  try {
    const { command } = await findLaunch({}, process.env, folder)
    const parse =
      '$errors = $null; [void][Management.Automation.Language.Parser]::ParseInput([Console]::In.ReadToEnd(), [ref]$null, [ref]$errors); $errors.ForEach({ $_.Message })'
    const args = [...command.arguments, '-NoProfile', '-NonInteractive', '-Command', parse]
    const { stdout, status } = spawnSync(command.file, args, { input: script, encoding: 'utf8' })
    expect(status).toBe(0)
    return stdout.split('\n').filter((line) => line.trim() !== '')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe.skipIf(!hasPowerShell)('a preflight', () => {
  const whole = hardenedTenant({ app: { certificates: [certificate[0] ?? ''] } })
  const small = freshTenant({ app: { certificates: [certificate[0] ?? ''] } })
  let simulator: Simulator
  let tenantscope: Tenantscope
  let scope: PlatformTenantScope

  beforeAll(async () => {
    simulator = await startSimulator({ tenants: [whole, small] })
    tenantscope = createTenantscope({
      storage: memoryStorage(),
      queue: inProcessQueue(),
      secrets: envelopeSecretStore({ keys: staticKeys([{ id: 'test', version: 1, key: randomBytes(32) }]) }),
      runner: pwshRunner({ network: { proxyUrl: simulator.proxyUrl, caFile: simulator.caFile } }),
      signIn: msalSignIn({ proxyUrl: simulator.proxyUrl, caPem: simulator.caPem }),
      resolveTxt: (name) => simulator.resolveTxt(name),
    })
    await tenantscope.start()
    scope = tenantscope.forPlatformTenant('test', { actor: 'test' })
  })
  afterAll(async () => {
    await tenantscope?.close()
    await simulator?.close()
  })

  /** Registered anew each time: an access token carries what was granted when it was issued, and is kept. */
  async function withTenant<A>(
    document: TenantDocument,
    changes: { app?: Partial<App>; fabric?: boolean; credential?: 'client_secret' },
    use: (id: string) => Promise<A>,
  ): Promise<A> {
    const live = simulator.tenant(document.tenantId)
    const before = { app: live.app, allowed: live.fabric.servicePrincipalsAllowed }
    live.app = { ...live.app, ...changes.app }
    if (changes.fabric !== undefined) live.fabric.servicePrincipalsAllowed = changes.fabric
    const { clientId, clientSecret } = live.app
    const credential: CredentialInput = changes.credential
      ? { kind: 'client_secret', clientId, clientSecret }
      : { kind: 'certificate', clientId, certificate: certificate.join('') }
    const { tenantId: m365TenantId, initialDomain: defaultDomain, displayName: name } = document
    const { id } = await scope.m365Tenants.register({ m365TenantId, name, defaultDomain, credential })
    try {
      return await use(id)
    } finally {
      await scope.m365Tenants.remove(id)
      live.app = before.app
      live.fabric.servicePrincipalsAllowed = before.allowed
    }
  }

  const without = (...names: string[]): Partial<App> => ({
    appRoles: { ...whole.app.appRoles, graph: whole.app.appRoles.graph.filter((role) => !names.includes(role)) },
  })
  const outcomes = (preflight: Preflight) =>
    new Map(preflight.controls.map(({ controlId, outcome }) => [controlId, outcome]))
  const causes = (preflight: Preflight, controlId: string) =>
    preflight.controls
      .find((one) => one.controlId === controlId)
      ?.needs.map(({ state, kind, anyOf }) => `${state} ${kind} ${anyOf.join('|')}`)
  const of = (preflight: Preflight, outcome: PreflightOutcome) =>
    preflight.controls.filter((one) => one.outcome === outcome).map(({ controlId }) => controlId)

  test('names what is missing, and the controls that need it', { timeout: 60_000 }, async () => {
    const changes = { app: without('Policy.Read.All', 'OrgSettings-Forms.Read.All') }
    const preflight = await withTenant(whole, changes, (id) => scope.m365Tenants.preflight(id))
    const stopped = of(preflight, 'will_not_run')
    expect(stopped).toEqual(expect.arrayContaining(['1.3.5', '5.1.2.1', '5.1.2.2', '5.1.2.3', '5.2.2.1', '5.2.2.12']))
    for (const id of stopped) {
      const permission = id === '1.3.5' ? 'OrgSettings-Forms.Read.All' : 'Policy.Read.All'
      expect(new Set(causes(preflight, id))).toEqual(new Set([`missing app_role ${permission}`]))
    }
    // A person must look at 1.1.2 anyway; what of its evidence cannot be read is told all the same.
    const affected = preflight.controls.filter(({ needs }) => needs.some(({ kind }) => kind === 'app_role'))
    expect(affected.map(({ controlId }) => controlId).filter((id) => !stopped.includes(id))).toEqual(['1.1.2'])
    const granted = preflight.grants.appRoles.filter(({ held }) => held !== true)
    expect(granted.map(({ appRole }) => appRole).toSorted()).toEqual(['OrgSettings-Forms.Read.All', 'Policy.Read.All'])
    expect(granted.flatMap(({ controlIds }) => controlIds).toSorted()).toEqual(
      affected.map(({ controlId }) => controlId).toSorted(),
    )
    expect(preflight.script).toMatch(/foreach \(\$name in '[^']+', '[^']+'\)/)
  })

  test('tells a role, a switch and a kind of credential from a permission', { timeout: 60_000 }, async () => {
    const changes = { app: { directoryRoles: [] }, fabric: false, credential: 'client_secret' as const }
    const preflight = await withTenant(whole, changes, (id) =>
      scope.m365Tenants.preflight(id, { controlIds: ['6.1.1', '8.2.2', '9.1.1', '7.2.3', '7.2.4', '5.1.2.2'] }),
    )
    expect(Object.fromEntries(outcomes(preflight))).toEqual({
      ...{ '6.1.1': 'will_not_run', '8.2.2': 'will_not_run', '9.1.1': 'will_not_run', '7.2.4': 'will_not_run' },
      ...{ '7.2.3': 'will_run', '5.1.2.2': 'will_run' },
    })
    expect(causes(preflight, '6.1.1')).toEqual([
      'missing directory_role Global Reader',
      'missing directory_role Security Reader',
    ])
    expect(causes(preflight, '8.2.2')).toEqual(['missing directory_role Global Reader|Teams Reader'])
    expect(causes(preflight, '9.1.1')).toEqual([
      'missing admin_switch Service principals can access read-only admin APIs',
    ])
    expect(causes(preflight, '7.2.4')?.[0]).toMatch(/^missing credential_kind certificate/)
  })

  test('tells a missing licence', { timeout: 60_000 }, async () => {
    const preflight = await withTenant(small, {}, (id) =>
      scope.m365Tenants.preflight(id, { controlIds: ['2.1.1', '5.3.1', '5.2.2.1'] }),
    )
    expect(Object.fromEntries(outcomes(preflight))).toEqual({
      ...{ '2.1.1': 'will_not_run', '5.3.1': 'will_not_run', '5.2.2.1': 'will_run' },
    })
    expect(causes(preflight, '5.3.1')?.[0]).toBe('missing licence AAD_PREMIUM_P2|ENTRA_ID_GOVERNANCE')
  })

  test('writes a script that PowerShell can read', { timeout: 60_000 }, async () => {
    const nothing = { appRoles: { ...whole.app.appRoles, graph: [], exchange: [], sharepoint: [] }, directoryRoles: [] }
    const { script } = await withTenant(whole, { app: nothing }, (id) => scope.m365Tenants.preflight(id))
    expect(script.match(/New-MgRoleManagementDirectoryRoleAssignment/g)).toHaveLength(2)
    expect(script.match(/New-MgServicePrincipalAppRoleAssignment/g)).toHaveLength(3)
    expect(await parseErrors(script)).toEqual([])
    expect(await parseErrors(`${script}\n'`)).not.toEqual([])
  })

  // What was said before must hold in the scan: this is what keeps the two from drifting apart.
  const judged: ResultStatus[] = ['pass', 'fail', 'manual']
  const allowed: Partial<Record<PreflightOutcome, ResultStatus[]>> = {
    will_run: [...judged, 'not_applicable'],
    needs_input: judged,
    will_not_run: ['error', 'not_applicable'],
  }

  test.each([
    ['with everything, in an E5 tenant', whole, {}],
    ['with everything, in a new E3 tenant', small, {}],
    ['with a client secret', whole, { credential: 'client_secret' as const }],
    ['without Policy.Read.All and User.Read.All', whole, { app: without('Policy.Read.All', 'User.Read.All') }],
    ['without directory roles, Fabric’s switch off', whole, { app: { directoryRoles: [] }, fabric: false }],
    ['without any app role', whole, { app: { appRoles: { ...whole.app.appRoles, graph: [], exchange: [] } } }],
  ])('%s: what it says is what the scan then does', { timeout: 120_000 }, async (_, document, changes) => {
    await withTenant(document, changes, async (id) => {
      const preflight = await scope.m365Tenants.preflight(id)
      const scan = await scope.scans.finished((await scope.scans.start({ m365TenantId: id })).id)
      expect(scan.status).toBe('completed')
      const results = await scope.results.list(scan.id, { limit: 200 })
      expect(results.data).toHaveLength(preflight.controls.length)
      const wrong = results.data.flatMap(({ controlId, status, message }) => {
        const outcome = outcomes(preflight).get(controlId)
        const fits = outcome === undefined || (allowed[outcome]?.includes(status) ?? true)
        return fits ? [] : [`${controlId}: ${outcome}, then ${status}: ${message} (${causes(preflight, controlId)})`]
      })
      expect(wrong).toEqual([])
    })
  })
})
