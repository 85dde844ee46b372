import { BlockList, isIP } from 'node:net'

/**
 * What an address is to a guard against requests into the inside of a network.
 * `public`: anywhere on the internet. `private`: loopback, private networks, carrier-grade NAT, unique local addresses.
 * `refused`: never a receiver of messages, whatever a host allows: link-local with the clouds' metadata services, multicast, reserved and documentation
 * ranges, and IPv6 spellings that carry an IPv4 address past the rules for it.
 */
export type AddressKind = 'public' | 'private' | 'refused'

const privateV4 = ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']

const refusedV4 = [
  '0.0.0.0/8',
  // Carrier-grade NAT holds the metadata service of one cloud.
  '100.100.100.200/32',
  // An address of a cloud's own platform, though it looks like one of the internet.
  '168.63.129.16/32',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]

const privateV6 = ['::1/128', 'fc00::/7']

/** Within 2000::/3, the only range of the public internet: protocol assignments (Teredo among them), documentation, 6to4. */
const refusedV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', 'fd00:ec2::/32', 'fd20:ce::/32']

const lists = {
  privateV4: blockList(privateV4, 'ipv4'),
  refusedV4: blockList(refusedV4, 'ipv4'),
  privateV6: blockList(privateV6, 'ipv6'),
  refusedV6: blockList(refusedV6, 'ipv6'),
  internetV6: blockList(['2000::/3'], 'ipv6'),
  nat64: blockList(['64:ff9b::/96'], 'ipv6'),
}

/** Anything that is not a plain IPv4 or IPv6 address, one with a zone included, is `refused`. */
export function addressKind(address: string): AddressKind {
  if (address.includes('%')) return 'refused'
  switch (isIP(address)) {
    case 4:
      return kindV4(address)
    case 6:
      return kindV6(address)
    default:
      return 'refused'
  }
}

function kindV4(address: string): AddressKind {
  if (lists.refusedV4.check(address, 'ipv4')) return 'refused'
  return lists.privateV4.check(address, 'ipv4') ? 'private' : 'public'
}

function kindV6(address: string): AddressKind {
  const within = (list: BlockList) => list.check(address, 'ipv6')
  if (within(lists.refusedV6)) return 'refused'
  if (within(lists.privateV6)) return 'private'
  // Where there is no IPv4, a resolver answers for IPv4 hosts with these: as good as the address inside.
  if (within(lists.nat64)) return kindV4(lastFourBytes(address)) === 'public' ? 'public' : 'refused'
  return within(lists.internetV6) ? 'public' : 'refused'
}

/** The IPv4 address in the last 32 bits of an IPv6 address, in whatever way that is spelt. */
function lastFourBytes(address: string): string {
  // The URL parser writes an IPv6 address in its one canonical form, without a dotted part.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const words = canonical.split(':').slice(-2)
  return words
    .map((word) => Number.parseInt(word || '0', 16))
    .flatMap((word) => [word >> 8, word & 0xff])
    .join('.')
}

function blockList(subnets: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [net = '', prefix] = subnet.split('/')
    list.addSubnet(net, Number(prefix), family)
  }
  return list
}
