import { Resolver } from 'node:dns/promises'

export interface ResolveTxtOptions {
  /** Name servers as `address` or `address:port`; default: those of the system. */
  servers?: readonly string[]
  /** For one try of one server. Default 5000. */
  timeoutMs?: number
  /** Default 3. */
  tries?: number
}

/** TXT look-ups by Node's own resolver, for `RunnerHost.resolveTxt`. Errors carry Node's DNS codes. */
export function nodeResolveTxt(options: ResolveTxtOptions = {}): (name: string) => Promise<string[][]> {
  const resolver = new Resolver({ timeout: options.timeoutMs ?? 5000, tries: options.tries ?? 3 })
  if (options.servers) resolver.setServers(options.servers)
  return (name) => resolver.resolveTxt(name)
}
