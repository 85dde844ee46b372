export interface StreamEvent {
  type: string
  id: string | null
  data: string
}

/** Reads server-sent events from a fetch: what EventSource does in a browser, with headers. Ends with the stream. */
export async function* events(
  url: string,
  headers: Record<string, string>,
): AsyncGenerator<StreamEvent, void, undefined> {
  const response = await fetch(url, { headers })
  if (!response.ok || !response.body)
    throw new Error(`the event stream answered ${response.status}: ${await response.text()}`)
  let buffered = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    buffered += chunk
    for (let end = buffered.indexOf('\n\n'); end >= 0; end = buffered.indexOf('\n\n')) {
      const event = parse(buffered.slice(0, end))
      buffered = buffered.slice(end + 2)
      if (event) yield event
    }
  }
}

function parse(block: string): StreamEvent | null {
  const fields = new Map<string, string[]>()
  for (const line of block.split('\n')) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
    if (name) fields.set(name, [...(fields.get(name) ?? []), value])
  }
  const data = fields.get('data')
  return data
    ? { type: fields.get('event')?.at(-1) ?? 'message', id: fields.get('id')?.at(-1) ?? null, data: data.join('\n') }
    : null
}
