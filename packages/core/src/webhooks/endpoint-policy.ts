import { lookup } from 'node:dns/promises'
import { type FieldError, InvalidInputError } from '../errors/errors.ts'
import { addressKind } from './addresses.ts'
import type { WebhooksOptions } from './webhook-options.ts'

/** A guard's no: the URL, its name or its addresses are not where messages may go. `message` is for whoever set the endpoint up, and names no address. */
export class EndpointRefused extends Error {
  override readonly name = 'EndpointRefused'
}

/** Where a message may go (S-54). */
export interface EndpointPolicy {
  /** Whether the URL as text may be an endpoint. Throws EndpointRefused. Asks no resolver. */
  check(url: string): URL
  /** The addresses of a checked URL's host, asked for once; all of them are allowed, or EndpointRefused is thrown. Connect to these and to no others. */
  resolve(url: URL): Promise<[string, ...string[]]>
}

interface AllowedHost {
  /** With its leading dot when every name below is meant. */
  name: string
  below: boolean
  port: string | null
}

const longestUrl = 2_000
const defaultPorts: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' }

/** Throws InvalidInputError for an entry of `allowedHosts` that is none. */
export function endpointPolicy(options: WebhooksOptions): EndpointPolicy {
  const allowed = readAllowedHosts(options.allowedHosts)
  const schemes = options.allowHttp === true ? ['https:', 'http:'] : ['https:']
  const resolve = options.resolve ?? systemResolve
  return {
    check: (text) => {
      const url = parse(text)
      if (!schemes.includes(url.protocol)) throw new EndpointRefused('must begin with https://.')
      if (url.username !== '' || url.password !== '')
        throw new EndpointRefused('must not hold a user name or password.')
      if (url.hash !== '') throw new EndpointRefused('must not hold a fragment (#).')
      const host = url.hostname
      // By now the parser has turned every spelling of an IPv4 address into four decimal numbers.
      if (addressKindOfHost(host)) throw new EndpointRefused('must name its host; an address is not taken.')
      if (!isHostName(host))
        throw new EndpointRefused('must name its host in the usual form, without a dot at the end.')
      const port = url.port === '' ? (defaultPorts[url.protocol] ?? '') : url.port
      if (!allowed.some((one) => admits(one, host, port, port === defaultPorts[url.protocol]))) {
        throw new EndpointRefused(
          'is not on the list of hosts that messages may be sent to. Ask whoever runs this service.',
        )
      }
      return url
    },
    resolve: async (url) => {
      const addresses = [...(await lookUp(resolve, url.hostname))]
      const [first, ...others] = addresses
      if (first === undefined) throw new EndpointRefused('names a host without an address.')
      for (const address of addresses) {
        const kind = addressKind(address)
        const fine = kind === 'public' || (kind === 'private' && options.allowPrivate === true)
        // One bad address is enough: whoever answers with a good and a bad one is trying which of them gets through.
        if (!fine) throw new EndpointRefused('names a host whose address is not a public one.')
      }
      return [first, ...others]
    },
  }
}

function parse(text: string): URL {
  if (text.length > longestUrl) throw new EndpointRefused(`must have at most ${longestUrl} characters.`)
  // The parser drops these silently; text that means something else than it shows is refused.
  if (!/^[\x21-\x7e]+$/.test(text))
    throw new EndpointRefused('must be a URL without blanks; write names in ASCII (xn--).')
  try {
    return new URL(text)
  } catch {
    throw new EndpointRefused('must be a URL such as https://hooks.example.com/tenantscope.')
  }
}

function addressKindOfHost(host: string): boolean {
  return host.startsWith('[') || /^\d+(?:\.\d+){3}$/.test(host)
}

function isHostName(host: string): boolean {
  return (
    host.length <= 253 &&
    /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/.test(host)
  )
}

function admits(one: AllowedHost, host: string, port: string, isDefaultPort: boolean): boolean {
  const named = one.below ? host.endsWith(one.name) && host.length > one.name.length : host === one.name
  return named && (one.port === null ? isDefaultPort : one.port === port)
}

function readAllowedHosts(entries: readonly string[]): AllowedHost[] {
  const errors: FieldError[] = []
  if (!Array.isArray(entries) || !entries.every((entry) => typeof entry === 'string')) {
    throw new InvalidInputError([{ pointer: '/webhooks/allowedHosts', detail: 'must be a list of host names.' }])
  }
  const allowed = entries.flatMap((entry, i) => {
    const [, star, name = '', port = null] = /^(\*\.)?([^:*]+)(?::(\d{1,5}))?$/.exec(entry.trim().toLowerCase()) ?? []
    const fine = isHostName(name) && !isAddressLike(name) && (port === null || Number(port) <= 65_535)
    if (!fine) {
      const detail = `must be a host name, '*.' and a host name, or either with ':' and a port; '${entry.slice(0, 100)}' is not.`
      errors.push({ pointer: `/webhooks/allowedHosts/${i}`, detail })
      return []
    }
    return [
      { name: star ? `.${name}` : name, below: star !== undefined, port: port === null ? null : String(Number(port)) },
    ]
  })
  if (errors.length > 0) throw new InvalidInputError(errors)
  return allowed
}

/** A name that the URL parser takes for an IPv4 address could never be admitted. */
function isAddressLike(name: string): boolean {
  try {
    return addressKindOfHost(new URL(`http://${name}`).hostname)
  } catch {
    return true
  }
}

async function lookUp(resolve: (name: string) => Promise<readonly string[]>, name: string): Promise<readonly string[]> {
  try {
    return await resolve(name)
  } catch {
    throw new EndpointRefused('names a host that cannot be resolved now.')
  }
}

async function systemResolve(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true })
  return found.map(({ address }) => address)
}
