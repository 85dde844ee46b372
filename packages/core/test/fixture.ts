import { randomBytes } from 'node:crypto'
import { envelopeSecretStore } from '../src/secrets/envelope.ts'
import { staticKeys } from '../src/secrets/key-provider.ts'
import { memoryStorage } from '../src/storage/memory/memory-storage.ts'
import type { Storage } from '../src/storage/storage.ts'
import { createTenantscope, type TenantscopeOptions } from '../src/tenantscope.ts'
import { acceptingSignIn, type Script, scriptedRunner } from './scripted-runner.ts'

export const guid = '11111111-2222-4333-8444-555555555555'

const secrets = envelopeSecretStore({ keys: staticKeys([{ id: 'test', version: 1, key: randomBytes(32) }]) })

/** A started tenantscope; nothing is registered. */
export async function attached(script: Script, options: Partial<TenantscopeOptions> = {}) {
  const storage = options.storage ?? memoryStorage()
  const runner = scriptedRunner(script)
  const tenantscope = createTenantscope({ storage, runner, secrets, signIn: acceptingSignIn, ...options })
  await tenantscope.start()
  return { storage, runner, tenantscope, scope: tenantscope.forPlatformTenant('msp-1', { actor: 'ann' }) }
}

/** A started tenantscope on memory with one registered M365 tenant. */
export async function started(script: Script, options: Partial<TenantscopeOptions> = {}) {
  const fixture = await attached(script, options)
  const tenant = await fixture.scope.m365Tenants.register({
    m365TenantId: guid,
    name: 'Contoso',
    defaultDomain: 'contoso.onmicrosoft.com',
    credential: { kind: 'client_secret', clientId: guid, clientSecret: 'a-secret-value' },
  })
  return { ...fixture, tenant }
}

/** The same storage for a second process: closing one does not close it for the other. */
export function shared(storage: Storage): Storage {
  return { ...storage, close: async () => {} }
}

/** A promise to be settled from outside. */
export function latch(): { promise: Promise<void>; open: () => void } {
  let open = () => {}
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open }
}

export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
