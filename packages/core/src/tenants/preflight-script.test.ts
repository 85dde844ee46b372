import { describe, expect, it } from 'vitest'
import type { PreflightGrants } from './preflight.ts'
import { grantScript } from './preflight-script.ts'

const none: PreflightGrants = {
  ...{ appRoles: [], directoryRoles: [], adminSwitches: [], credentialKinds: [], licences: [], inputs: [] },
}
const controlIds = ['1.1.1']
const appRole = (name: string, held: boolean | null, remark: string | null = null) => ({
  ...{ resource: 'Microsoft Graph', resourceAppId: 'graph-app', appRole: name, held, remark, controlIds },
})
const reader = { name: 'Global Reader', templateId: 'reader-id' }
const security = { name: 'Security Reader', templateId: 'security-id' }
const write = (grants: Partial<PreflightGrants>, clientId: string | null = 'client-id') =>
  grantScript({ grants: { ...none, ...grants }, m365TenantId: 'tenant-id', clientId })

describe('the script', () => {
  it('grants what is not known to be held, of one API at once, and looks ids up by name', () => {
    const script = write({
      appRoles: [appRole('A.Read.All', false), appRole('B.Read.All', true), appRole('C.Read.All', null)],
    })
    expect(script).toContain("foreach ($name in 'A.Read.All', 'C.Read.All')")
    expect(script).not.toContain('B.Read.All')
    expect(script.match(/Get-MgServicePrincipal -Filter "appId eq 'graph-app'"/g)).toHaveLength(1)
    expect(script).toContain("Connect-MgGraph -TenantId 'tenant-id'")
    expect(script).toContain("$clientId = 'client-id'")
  })

  it('assigns a directory role once, also where several would do', () => {
    const directoryRoles = [[security, reader], [reader]].map((anyOf) => ({ anyOf, held: false, controlIds }))
    const script = write({ directoryRoles })
    expect(script.match(/New-MgRoleManagementDirectoryRoleAssignment .*/g)).toEqual([
      expect.stringContaining("-RoleDefinitionId 'reader-id' -DirectoryScopeId '/'"),
    ])
  })

  it('says what no command can do', () => {
    const script = write({
      adminSwitches: [{ name: 'Switch', instruction: 'Turn it.', held: null, controlIds }],
      credentialKinds: [{ service: 'sharepoint', anyOf: ['certificate'], held: false, controlIds }],
      licences: [{ anyOf: ['P2'], held: false, controlIds }],
    })
    expect(script).toBe(
      '# By hand: Switch. Turn it.\n# By hand: sharepoint takes only a credential of the kind certificate.\n',
    )
  })

  it('asks for the application when nobody knows it, and tells remarks', () => {
    const script = write({ appRoles: [appRole('Full', false, 'Write power.')] }, null)
    expect(script).toContain("$clientId = '<application (client) id>' # fill in")
    expect(script).toContain('#   Full: Write power.')
  })

  it.each(["a'; Remove-Item x; '", 'a\u2019; Remove-Item x; \u2018', 'a\nRemove-Item x'])(
    'keeps %j inside of its quotation marks and comments',
    (hostile) => {
      const remark = hostile
      const script = write({ appRoles: [{ ...appRole(hostile, false, remark), resource: hostile }] }, hostile)
      expect(script).not.toMatch(/^\s*Remove-Item/m)
      // Without doubled marks the rest must still be closed: an even number on every line of code.
      for (const line of script.split('\n').filter((one) => !one.startsWith('#')))
        expect((line.match(/['\u2018\u2019]/g) ?? []).length % 2, line).toBe(0)
    },
  )
})
