import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { SealedSecret, SecretContext, SecretStore } from '@tenantscope/core'

export const sampleContext: SecretContext = {
  platformTenantId: 'msp one',
  m365TenantId: '9b2f6c1e-0000-4000-8000-000000000001',
  credentialId: '9b2f6c1e-0000-4000-8000-000000000002',
  field: 'client_secret',
}

export const sampleSecret = 'canary~Q8f2.kT-4wZ'

/** Opening must fail with the one error that says nothing: not which byte, not a part of secret or envelope. */
export async function mustNotOpen(
  store: SecretStore,
  params: { sealed: SealedSecret; context?: SecretContext; plaintext?: string },
): Promise<void> {
  const { sealed, context = sampleContext, plaintext = sampleSecret } = params
  const opened = await store.open({ sealed, context }).then(
    () => 'opened',
    (error: unknown) => error,
  )
  assert.notEqual(opened, 'opened', 'an envelope that must not open was opened')
  assert.equal((opened as { code?: unknown }).code, 'secret_unreadable')
  const said = inspect(opened, { depth: 10, showHidden: true })
  assert.ok(!said.includes(plaintext), 'the error carries the secret')
  const piece = sealed.envelope.slice(-24)
  if (piece.length === 24) assert.ok(!said.includes(piece), 'the error carries bytes of the envelope')
}
