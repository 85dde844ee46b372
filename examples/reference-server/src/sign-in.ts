import { randomBytes } from 'node:crypto'
import type { Request, Response } from 'express'

/**
 * Who is asking. A real host has its own users; this one is for a machine of one's own and says so: any bearer token is taken, the platform tenant is the header
 * `X-Tenant-ID` (default `demo`), and the browser gets a cookie from the landing page, because EventSource cannot send headers.
 */
export interface Principal {
  name: string
}

const cookieName = 'tenantscope_demo'

export function demoSignIn() {
  const sessions = new Map<string, string>()
  return {
    /** Gives the browser a session for the default platform tenant. */
    greet: (res: Response) => {
      const session = randomBytes(16).toString('hex')
      sessions.set(session, 'demo')
      res.cookie(cookieName, session, { httpOnly: true, sameSite: 'strict' })
    },
    authenticate: async (
      req: Request,
    ): Promise<{ platformTenantId: string; actor: string; principal: Principal } | null> => {
      const bearer = /^Bearer (\S{1,4096})$/i.exec(req.get('authorization') ?? '')
      const cookie = new RegExp(`(?:^|;\\s*)${cookieName}=([0-9a-f]{32})(?:;|$)`).exec(req.get('cookie') ?? '')?.[1]
      const session = cookie ? sessions.get(cookie) : undefined
      if (bearer)
        return {
          platformTenantId: req.get('x-tenant-id') ?? 'demo',
          actor: 'demo-user',
          principal: { name: 'demo-user' },
        }
      if (session) return { platformTenantId: session, actor: 'demo-browser', principal: { name: 'demo-browser' } }
      return null
    },
  }
}
