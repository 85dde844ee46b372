import type { JsonSchema } from '../schemas/wire-form.ts'
import { type Html, html, inline } from './html.ts'

/** What a schema takes, in one line: a link where it has a name. */
export function typeOf(schema: JsonSchema): Html {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
    return html`<a href="#schema-${name}">${name}</a>`
  }
  if (schema.anyOf) return joined(schema.anyOf.map(typeOf), ' or ')
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`
  if (schema.enum)
    return joined(
      schema.enum.map((value) => html`<code>${JSON.stringify(value)}</code>`),
      ' · ',
    )
  if (schema.type === 'array') return html`list of ${schema.items ? typeOf(schema.items) : 'anything'}`
  const names = schema.type === undefined ? ['anything'] : [schema.type].flat()
  return html`${names.join(' or ')}${schema.format === undefined ? null : ` (${schema.format})`}${limits(schema)}`
}

function limits({ minimum, maximum, minLength, maxLength }: JsonSchema): string {
  const from = minimum ?? minLength
  // The largest safe integer, which every whole number has, tells nobody anything.
  const to = [maximum, maxLength].find((limit) => typeof limit === 'number' && limit < Number.MAX_SAFE_INTEGER)
  const unit = maxLength === undefined ? '' : ' characters'
  if (typeof to !== 'number') return ''
  return typeof from === 'number' ? `, ${from} to ${to}${unit}` : `, at most ${to}${unit}`
}

function joined(parts: readonly Html[], separator: string): Html {
  return html`${parts.flatMap((part, i) => (i === 0 ? [part] : [html`${separator}`, part]))}`
}

/** The fields of an object, those of nested objects below them. Null for what has none. */
export function fieldsOf(schema: JsonSchema): Html | null {
  const fields = Object.entries(schema.properties ?? {})
  if (fields.length === 0) return null
  const required = new Set(schema.required ?? [])
  return html`<ul class="fields">${fields.map(([name, field]) => {
    const { description, inner } = unwrapped(field)
    return html`<li><code class="name">${name}</code>${
      required.has(name) ? null : html` <span class="optional">optional</span>`
    } <span class="type">${typeOf(field)}</span>${
      description === undefined ? null : html`<p>${inline(description)}</p>`
    }${inner && fieldsOf(inner)}</li>`
  })}</ul>`
}

/** The object that a field holds, be it alone, nullable or in a list. */
function unwrapped(field: JsonSchema): { description: string | undefined; inner: JsonSchema | null } {
  const { description } = field
  if (field.properties) return { description, inner: field }
  const inside = field.items ?? field.anyOf?.find(({ type }) => type !== 'null')
  if (!inside) return { description, inner: null }
  const below = unwrapped(inside)
  return { description: description ?? below.description, inner: below.inner }
}

export function examplesOf(schema: JsonSchema): Html[] {
  return (schema.examples ?? []).map((example) => html`<pre><code>${JSON.stringify(example, null, 2)}</code></pre>`)
}
