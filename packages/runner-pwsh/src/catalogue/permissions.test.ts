import { describe, expect, test } from 'vitest'
import { demandsOf } from './permissions.ts'

const nothing = { appRoles: [], directoryRoles: [], adminSwitches: [], otherDemands: [] }

describe('a declared permission', () => {
  test('without a name in brackets is one of Microsoft Graph, with what may include it', () => {
    const { appRoles, ...rest } = demandsOf('graph/x', ['GroupMember.Read.All', 'OrgSettings-Forms.Read.All'])
    expect(rest).toEqual({ directoryRoles: [], adminSwitches: [], otherDemands: [] })
    expect(appRoles).toEqual([
      {
        service: 'graph',
        resource: 'Microsoft Graph',
        resourceAppId: '00000003-0000-0000-c000-000000000000',
        name: 'GroupMember.Read.All',
        mayBeIn: [
          'Group.Read.All',
          'Directory.Read.All',
          'GroupMember.ReadWrite.All',
          'Group.ReadWrite.All',
          'Directory.ReadWrite.All',
        ],
        remark: null,
        gates: true,
      },
      expect.objectContaining({
        name: 'OrgSettings-Forms.Read.All',
        mayBeIn: ['OrgSettings-Forms.ReadWrite.All'],
        gates: false,
      }),
    ])
  })

  test.each([
    ['Exchange.ManageAsApp (Office 365 Exchange Online)', 'exchange', '00000002-0000-0ff1-ce00-000000000000'],
    [
      'Exchange.ManageAsApp (Microsoft Exchange Online Protection)',
      'compliance',
      '00000007-0000-0ff1-ce00-000000000000',
    ],
    ['Sites.FullControl.All (SharePoint), certificate sign-in', 'sharepoint', '00000003-0000-0ff1-ce00-000000000000'],
  ])('%s belongs to the API in brackets', (text, service, resourceAppId) => {
    expect(demandsOf('graph/x', [text])).toEqual({
      ...nothing,
      appRoles: [expect.objectContaining({ service, resourceAppId, name: text.split(' ')[0], mayBeIn: [] })],
    })
  })

  test('of one source may be in one that is of no use elsewhere', () => {
    const own = (id: string) => demandsOf(id, ['Policy.Read.All']).appRoles[0]?.mayBeIn
    expect(own('graph/identity/conditionalAccess/policies')).toContain('Policy.Read.ConditionalAccess')
    expect(own('graph/policies/authorizationPolicy')).toEqual(['Policy.ReadWrite.All'])
  })

  test('of a directory takes one role or another', () => {
    const { directoryRoles } = demandsOf('graph/x', [
      'directory role Global Reader or Teams Reader',
      'directory role Security Reader',
    ])
    expect(directoryRoles.map((roles) => roles.map(({ name }) => name))).toEqual([
      ['Global Reader', 'Teams Reader'],
      ['Security Reader'],
    ])
  })

  test('of a portal is a switch', () => {
    const { adminSwitches } = demandsOf('graph/x', ["Fabric tenant setting 'Read-only APIs', on for a group"])
    expect(adminSwitches.map(({ name }) => name)).toEqual(['Read-only APIs'])
  })

  test.each(['directory role Lord of Readers', 'Mail.Read (Unknown API)', 'a person must look', ''])(
    '%j is kept in words',
    (text) => expect(demandsOf('graph/x', [text])).toEqual({ ...nothing, otherDemands: [text] }),
  )
})
