import { describe, expect, it } from 'vitest'
import { accessToken } from '../../test/preflight-fixture.ts'
import { tokenClaims } from './preflight-claims.ts'

const encode = (text: string) => Buffer.from(text).toString('base64url')

describe('the claims of an access token', () => {
  it('are roles, directory roles and whose it is', () => {
    expect(tokenClaims(accessToken({ roles: ['A'], wids: ['w'], idtyp: 'app' }))).toEqual({
      ...{ roles: ['A'], wids: ['w'], delegated: false, appId: 'app-of-token' },
    })
  })

  it('without roles are those of an application that was granted none; without wids nobody knows', () => {
    expect(tokenClaims(accessToken({}))).toMatchObject({ roles: [], wids: null })
    expect(tokenClaims(accessToken({ roles: 'A', wids: [1] }))).toMatchObject({ roles: [], wids: null })
  })

  it.each([{ scp: 'User.Read' }, { idtyp: 'user' }])('are a person’s with %j', (claims) => {
    expect(tokenClaims(accessToken(claims))).toMatchObject({ delegated: true })
  })

  it.each([
    ['opaque', 'EwBwA8l6BAAU'],
    ['encrypted', 'a.b.c.d.e'],
    ['no JSON', `x.${encode('{"aud":')}.x`],
    ['a list', `x.${encode('[1]')}.x`],
    ['null', `x.${encode('null')}.x`],
    ['without an audience', `x.${encode('{"roles":["A"]}')}.x`],
    ['empty', ''],
  ])('of a token that is %s are not there', (_, token) => expect(tokenClaims(token)).toBeNull())
})
