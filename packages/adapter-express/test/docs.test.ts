import { describe, expect, it } from 'vitest'
import { routes } from '../src/index.ts'
import { startHost } from './host.ts'

const tagsOf = (page: string) => page.match(/<[a-z][^>]*>/g) ?? []

describe('GET /docs', () => {
  it('is not there unless the host wants it', async () => {
    const host = await startHost()
    for (const path of ['/docs', '/docs/', '/docs/style.css']) {
      const answer = await host.call('GET', path)
      expect([answer.status, answer.json.code]).toEqual([404, 'not_found'])
    }
    expect(host.questions).toEqual([])
  })

  it('tells of every route', async () => {
    const host = await startHost({ router: { docs: true } })
    const { status, headers, text } = await host.call('GET', '/docs')
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    for (const { method, path, summary } of routes) {
      expect(text).toContain(`<b class="method ${method.toLowerCase()}">${method}</b> <code>${path}</code>`)
      expect(text).toContain(summary.replaceAll("'", '&#39;'))
    }
    expect(text).toContain('<code>/msp/cspm</code>')
    expect(text).not.toMatch(/undefined|\[object|NaN/)
  })

  it('holds under a strict page policy and loads nothing from elsewhere', async () => {
    const host = await startHost({ router: { docs: true } })
    const { headers, text } = await host.call('GET', '/docs')
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self';/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(text).not.toMatch(/<script|<style|<iframe|<object|<form/i)
    for (const tag of tagsOf(text)) expect(tag).not.toMatch(/\s(style|on\w+|src)\s*=|https?:|\/\//i)
    const css = await host.call('GET', '/docs/style.css')
    expect(css.headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect(css.text).not.toMatch(/url\(|@import|https?:/)
    expect(css.text).toContain('light-dark(')
  })

  it('links to what is there, with a slash at the end or without', async () => {
    const host = await startHost({ router: { docs: true } })
    for (const path of ['/docs', '/docs/']) {
      const { text } = await host.call('GET', path)
      const links = [...text.matchAll(/href="([^"]*)"/g)].map(([, to]) => to ?? '')
      const ids = new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id))
      expect(new Set(links).size).toBeGreaterThan(routes.length)
      for (const link of new Set(links)) {
        if (link.startsWith('#')) {
          expect(ids).toContain(link.slice(1))
          continue
        }
        const answer = await fetch(new URL(link, host.url + path), { headers: { authorization: 'Bearer msp-a' } })
        expect([link, answer.status]).toEqual([link, 200])
        await answer.body?.cancel()
      }
    }
  })

  it('shows what the host says of itself as text', async () => {
    const hostile = `<img src=x onerror=alert(1)>"'&`
    const securitySchemes = { [hostile]: { type: 'http', scheme: 'bearer', description: hostile } } as const
    const host = await startHost({
      router: { docs: true, openApi: { title: hostile, serverUrl: hostile, securitySchemes } },
    })
    const { text } = await host.call('GET', '/docs')
    expect(text).not.toContain('<img')
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;')
  })
})
