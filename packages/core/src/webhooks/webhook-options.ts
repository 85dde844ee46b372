/** Outgoing webhooks: off unless a host says to which hosts messages may go. */
export interface WebhooksOptions {
  /**
   * Hosts that an endpoint may be on: a name (`hooks.example.com`), or every name below one (`*.example.com`, which is not `example.com` itself). A port other
   * than the scheme's own must be named as well (`hooks.example.com:8443`). Addresses are not taken.
   */
  allowedHosts: readonly string[]
  /** Take `http:` URLs too. Messages are signed, not encrypted. Default false. */
  allowHttp?: boolean
  /**
   * Send to loopback, private and unique local addresses too, for receivers inside the host's own network. Then `allowedHosts` alone keeps endpoints off the
   * host's other services. Link-local addresses (metadata services of clouds), multicast and reserved ranges stay refused. Default false.
   */
  allowPrivate?: boolean
  /** The addresses of a name, asked once for each message. Default: the operating system's resolver. */
  resolve?: (name: string) => Promise<readonly string[]>
  /** Endpoints of one platform tenant at most. Default 20. */
  endpointsPerPlatformTenant?: number
  /**
   * How long to wait before the second try, the third and so on; each is made up to a fifth longer at random. After the last one a delivery has failed; its
   * endpoint is disabled if it took no other message meanwhile.
   * Default: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
   */
  retryDelaysMs?: readonly number[]
  /** How often the outbox is looked at. Messages about scans that end in this process go out at once. Default 5,000. */
  pollMs?: number
}
