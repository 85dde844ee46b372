import type {
  OpenApiContent,
  OpenApiDocument,
  OpenApiOperation,
  OpenApiParameter,
  OpenApiResponse,
} from '../openapi/types.ts'
import type { JsonSchema } from '../schemas/wire-form.ts'
import { type Html, html, inline, prose } from './html.ts'
import { examplesOf, fieldsOf, typeOf } from './schema.ts'

interface Entry {
  method: string
  path: string
  operation: OpenApiOperation
}

/** The document as a page to read. It needs no script; its style sheet is a file of its own, so that a page policy without inline parts holds. */
export function docsPage(document: OpenApiDocument, links: { style: string; document: string }): string {
  const entries = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): Entry => ({ method, path, operation })),
  )
  const groups = document.tags.map((tag) => ({
    ...tag,
    id: `tag-${tag.name.toLowerCase().replaceAll(' ', '-')}`,
    entries: entries.filter(({ operation }) => operation.tags.includes(tag.name)),
  }))
  const { info, servers, components } = document
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${info.title} API</title>
<link rel="stylesheet" href="${links.style}">
</head>
<body>
<nav aria-label="Contents">
<a class="home" href="#top">${info.title}</a>
${groups.map(
  ({ id, name, entries: own }) => html`<h2><a href="#${id}">${name}</a></h2>
<ul>${own.map((entry) => html`<li><a href="#${entry.operation.operationId}">${badge(entry.method)} <span>${entry.path}</span></a></li>`)}</ul>`,
)}
<h2><a href="#schemas">Schemas</a></h2>
</nav>
<main id="top">
<header>
<h1>${info.title} API <small>${info.version}</small></h1>
<p class="lead">${info.summary}</p>
<p>Mounted at <code>${servers[0]?.url ?? '/'}</code>. The same as <a href="${links.document}">OpenAPI 3.1</a>.</p>
${prose(info.description)}
<h3>Who calls</h3>
<ul>${Object.entries(components.securitySchemes).map(
    ([name, scheme]) => html`<li><b>${name}</b> ${scheme.description ? inline(scheme.description) : scheme.type}</li>`,
  )}</ul>
</header>
${groups.map(
  (group) => html`<section id="${group.id}">
<h2>${group.name}</h2>
<p>${group.description}</p>
${group.entries.map((entry) => operationPart(entry, components.schemas))}
</section>`,
)}
<section id="schemas">
<h2>Schemas</h2>
${Object.entries(components.schemas).map(
  ([name, schema]) => html`<article id="schema-${name}">
<h3>${name}</h3>
${schema.description !== undefined && prose(schema.description)}
${fieldsOf(schema) ?? html`<p>${typeOf(schema)}</p>`}
${examplesOf(schema)}
</article>`,
)}
</section>
</main>
</body>
</html>
`
  return page.html
}

const badge = (method: string): Html => html`<b class="method ${method}">${method.toUpperCase()}</b>`

function operationPart({ method, path, operation }: Entry, schemas: Record<string, JsonSchema>): Html {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation
  const action = operation['x-action']
  const callers = operation.security.flatMap((one) => Object.keys(one)).join(' or ')
  return html`<article id="${operationId}">
<h3>${badge(method)} <code>${path}</code></h3>
<p class="lead">${summary}</p>
${description !== undefined && prose(description)}
<p class="who">${callers}${action !== null && html` · action <code>${action}</code>`}</p>
${parameters.length > 0 && parameterList(parameters)}
${
  requestBody !== undefined &&
  html`<h4>Body${requestBody.required ? null : html` <span class="optional">optional</span>`}</h4>
${requestBody.description !== undefined && prose(requestBody.description)}
${contents(requestBody.content, schemas)}`
}
<h4>Answers</h4>
<dl>${Object.entries(responses).map(([status, response]) => answer(status, response, schemas))}</dl>
</article>`
}

function parameterList(parameters: readonly OpenApiParameter[]): Html {
  return html`<h4>Parameters</h4>
<ul class="fields">${parameters.map(
    ({ name, in: part, required, description, schema }) =>
      html`<li><code class="name">${name}</code> <span class="part">${part}</span>${
        required ? null : html` <span class="optional">optional</span>`
      } <span class="type">${typeOf(schema)}</span>${description !== undefined && html`<p>${inline(description)}</p>`}</li>`,
  )}</ul>`
}

function answer(status: string, response: OpenApiResponse, schemas: Record<string, JsonSchema>): Html {
  const kind = Number(status) < 400 ? 'good' : 'problem'
  return html`<dt class="${kind}">${status}</dt><dd>${inline(response.description)}${contents(withoutProblem(response.content), schemas)}</dd>`
}

/** All problems look the same: their schema is told once, not at every answer. */
function withoutProblem(content: OpenApiResponse['content'] = {}) {
  return Object.fromEntries(Object.entries(content).filter(([type]) => type !== 'application/problem+json'))
}

function contents(content: Record<string, OpenApiContent>, schemas: Record<string, JsonSchema>): Html[] {
  return Object.entries(content).map(([type, { schema, 'x-events': events }]) => {
    if (events) {
      const rows = Object.entries(events).map(([name, event]) => {
        return html`<li><code class="name">${name}</code> <span class="type">${typeOf(event.schema)}</span><p>${inline(event.description)}</p></li>`
      })
      return html`<p class="type"><code>${type}</code></p><ul class="fields">${rows}</ul>`
    }
    const name = schema.$ref?.slice(schema.$ref.lastIndexOf('/') + 1)
    const named = name === undefined ? schema : (schemas[name] ?? schema)
    const fields = fieldsOf(named)
    return html`<p class="type"><code>${type}</code> ${typeOf(schema)}</p>${
      fields && html`<details><summary>Fields</summary>${fields}${examplesOf(named)}</details>`
    }`
  })
}
