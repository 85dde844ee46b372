import { docsStyle } from '../docs/style.ts'
import { defineRoute, type Route } from './route.ts'

const subject = { type: 'service' } as const
/** The page has no script, and nothing in it comes from elsewhere: whatever an injected text might try is refused by the browser. */
const pageHeaders = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'Referrer-Policy': 'no-referrer',
}

export const docsRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/openapi.json',
    action: 'openapi.read',
    summary: 'This document',
    subject,
    responses: { 200: { description: 'OpenAPI 3.1', contentType: 'application/json' } },
    handle: async ({ req, service }) => ({
      status: 200,
      content: { type: 'application/json; charset=utf-8', text: service.api.json(req.baseUrl) },
    }),
  }),
  defineRoute({
    method: 'GET',
    path: '/docs',
    action: 'docs.read',
    summary: 'This document as a page to read',
    description: 'Where the host has turned it on.',
    subject,
    optIn: 'docs',
    responses: { 200: { description: 'The page', contentType: 'text/html' } },
    handle: async ({ req, service }) => {
      // Relative, so that it holds behind a proxy that changes the path; `/docs/` is the same page, one level deeper.
      const up = req.path.endsWith('/') ? '../' : ''
      const text = service.api.page(req.baseUrl, { style: `${up}docs/style.css`, document: `${up}openapi.json` })
      return { status: 200, content: { type: 'text/html; charset=utf-8', text }, headers: pageHeaders }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/docs/style.css',
    action: 'docs.read',
    summary: 'The style sheet of that page',
    description: 'Where the host has turned the page on.',
    subject,
    optIn: 'docs',
    responses: { 200: { description: 'The style sheet', contentType: 'text/css' } },
    handle: async () => ({ status: 200, content: { type: 'text/css; charset=utf-8', text: docsStyle } }),
  }),
]
