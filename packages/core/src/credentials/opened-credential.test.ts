import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type { StoredCredential } from './credential.ts'
import { OpenedCredential } from './opened-credential.ts'

const canary = 'canary~Q8f2.kT-4wZ'
const at = new Date()
const stored: StoredCredential = {
  id: 'credential-1',
  platformTenantId: 'msp',
  m365TenantId: 'm',
  kind: 'client_secret',
  clientId: 'app',
  thumbprint: null,
  expiresAt: null,
  sealed: {},
  createdAt: at,
  updatedAt: at,
}

test('S-11 an opened credential shows its secret to who asks for it and to no printer', () => {
  const credential = new OpenedCredential(stored, { client_secret: canary })
  expect(credential.secrets.client_secret).toBe(canary)
  const printed = [
    JSON.stringify(credential),
    `${credential}`,
    String({ ...credential }.credentialId) + JSON.stringify({ ...credential }),
    JSON.stringify(Object.entries(credential)),
    inspect(credential),
    inspect({ nested: [credential] }, { depth: 10 }),
    inspect(credential, { showHidden: true, customInspect: false, depth: 10 }),
    inspect(Object.assign(new Error('x'), { credential }), { showHidden: true, depth: 10 }),
    JSON.stringify(Object.getOwnPropertyDescriptors(credential)),
  ]
  for (const text of printed) expect(text).not.toContain(canary)
  expect(printed[0]).toContain('[redacted]')
  expect(printed[1]).toContain('redacted')
  expect(() => Object.assign(credential, { kind: 'certificate' })).toThrow()
  expect(() => Object.assign(credential.secrets, { client_secret: 'x' })).toThrow()
})
