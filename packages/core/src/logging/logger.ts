/** Where the library writes what the host may want to know. It never gets a secret, a token or the content of a tenant. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

const nothing = () => {}

/** The default: a library that was not asked to speak is silent. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
