import { SignInError, type SourceDefinition } from '@tenantscope/core'
import { describe, expect, it } from 'vitest'
import { routes } from '../src/index.ts'
import { type Host, startHost, withScan } from './host.ts'
import { benchmark, done, type Script, scriptedRunner } from './scripted-runner.ts'

const policies: SourceDefinition = {
  ...{ id: 'graph/organization', service: 'graph', directoryRoles: [], adminSwitches: [], otherDemands: [] },
  ...{ credentialKinds: null, notSupported: null, origins: [], supportedBy: [] },
  appRoles: [
    {
      ...{ service: 'graph', resource: 'Microsoft Graph', resourceAppId: 'graph-app', name: 'Organization.Read.All' },
      ...{ mayBeIn: [], gates: true, remark: null },
    },
  ],
  servicePlans: [{ name: 'P1', ids: ['plan-1'] }],
}
const told = { ...benchmark, sources: [policies] }
const secretPart = 'never-to-be-seen'

/** The probe is refused; the token carries these roles. */
async function hostWith(claims: Record<string, unknown>): Promise<{ host: Host; tenantId: string }> {
  const script: Script = async function* ({ job, host, signal }) {
    for (const sourceId of job.sources ?? []) {
      await host.token({ service: 'graph', scope: 'graph', refresh: false, signal }).catch(() => {})
      const error = { code: 'Authorization_RequestDenied', message: 'Refused.' }
      yield { type: 'source.read', sourceId, state: 'denied', durationMs: 1, requests: 1, items: null, error }
    }
    yield done()
  }
  const payload = Buffer.from(JSON.stringify({ aud: 'graph', ...claims })).toString('base64url')
  const acquire = async () => ({
    accessToken: `e30.${payload}.${secretPart}`,
    expiresAt: new Date(Date.now() + 60_000),
  })
  const runner = { ...scriptedRunner(script), benchmarks: async () => [told] }
  const host = await startHost({ core: { runner, signIn: { acquire, forget: () => {} } } })
  const { tenantId } = await withScan(host)
  return { host, tenantId }
}

describe('GET /m365-tenants/{id}/preflight', () => {
  it('answers what the route table documents, names what is missing and shows no token', async () => {
    const { host, tenantId } = await hostWith({ roles: [], wids: ['role-1'] })
    const answer = await host.call('GET', `/m365-tenants/${tenantId}/preflight`)
    expect(answer.status).toBe(200)
    const schema = routes.find(({ path }) => path.endsWith('/preflight'))?.responses[200]?.schema
    expect(schema?.safeParse(answer.json).error).toBeUndefined()
    expect(answer.json.counts).toEqual({ will_run: 0, needs_input: 0, will_not_run: 4, manual: 0, unknown: 0 })
    expect(answer.json.services).toEqual([
      {
        ...{ service: 'graph', sign_in: 'ok', app_roles: [], directory_role_ids: ['role-1'] },
        probe: {
          ...{ source: 'graph/organization', state: 'denied' },
          ...{ code: 'Authorization_RequestDenied', message: 'Refused.' },
        },
      },
    ])
    const [first] = answer.json.checks
    expect(first).toMatchObject({ check_id: '1.1.1', title: 'Control 1.1.1', outcome: 'will_not_run' })
    expect(first.needs).toContainEqual({
      ...{ kind: 'app_role', state: 'missing', any_of: ['Organization.Read.All'], source: 'graph/organization' },
      ...{ resource: { name: 'Microsoft Graph', app_id: 'graph-app' }, alternative_sources: [], optional: false },
      message: 'Organization.Read.All of Microsoft Graph is not granted: the access token does not carry it.',
    })
    const check_ids = ['1.1.1', '1.1.2', '1.2.1', '5.1.2.2']
    expect(answer.json.grants).toEqual({
      app_roles: [
        {
          ...{ resource: 'Microsoft Graph', resource_app_id: 'graph-app', app_role: 'Organization.Read.All' },
          ...{ remark: null, held: false, check_ids },
        },
      ],
      directory_roles: [],
      admin_switches: [],
      auth_methods: [],
      licences: [{ any_of: ['P1'], held: null, check_ids }],
      inputs: [],
    })
    expect(answer.json.script).toContain("foreach ($name in 'Organization.Read.All')")
    expect(answer.text).not.toContain(secretPart)
    expect(JSON.stringify(host.log)).not.toContain(secretPart)
  })

  it('takes checks, in the short and the long form, and a benchmark', async () => {
    const { host, tenantId } = await hostWith({})
    const ids = 'check_ids=1.1.2_two_accounts,5.1.2.2'
    const answer = await host.call('GET', `/m365-tenants/${tenantId}/preflight?${ids}&benchmark=cis-m365&version=5.0.0`)
    expect(answer.json.checks.map((check: { check_id: string }) => check.check_id)).toEqual(['1.1.2', '5.1.2.2'])
  })

  it.each([
    ['check_ids=1.1.1,9.9.9', '/check_ids/1'],
    ['check_ids=', '/check_ids/0'],
    ['check_ids=1.1.1,%3Cscript%3E', '/check_ids/1'],
    ['benchmark=cis-m365', '/version'],
    ['version=5.0.0', '/benchmark'],
    ['benchmark=cis-m365&version=1', '/benchmark'],
    ['control=1', '/control'],
  ])('refuses ?%s', async (query, pointer) => {
    const { host, tenantId } = await hostWith({})
    const answer = await host.call('GET', `/m365-tenants/${tenantId}/preflight?${query}`)
    expect([answer.status, answer.json.errors?.[0]?.in, answer.json.errors?.[0]?.pointer]).toEqual([
      400,
      'query',
      pointer,
    ])
  })

  it('says a refused credential in the answer, not as a failure of the request', async () => {
    const error = new SignInError({ message: 'The secret is wrong.', aadstsCode: 'AADSTS7000215', reach: 'credential' })
    const acquire = () => Promise.reject(error)
    const script: Script = async function* ({ host, signal }) {
      await host.token({ service: 'graph', scope: 'graph', refresh: false, signal }).catch(() => {})
      yield done()
    }
    const runner = { ...scriptedRunner(script), benchmarks: async () => [told] }
    const host = await startHost({ core: { runner, signIn: { acquire, forget: () => {} } } })
    const { tenantId } = await withScan(host)
    const answer = await host.call('GET', `/m365-tenants/${tenantId}/preflight?check_ids=1.1.1`)
    expect([answer.status, answer.json.services[0].sign_in]).toEqual([200, 'refused'])
    expect(answer.json.checks[0].needs).toMatchObject([{ kind: 'sign_in', any_of: ['AADSTS7000215'] }])
  })
})
