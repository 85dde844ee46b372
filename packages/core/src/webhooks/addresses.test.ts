import { describe, expect, it } from 'vitest'
import { addressKind } from './addresses.ts'

const kinds = (addresses: readonly string[]) => new Set(addresses.map((address) => `${addressKind(address)}`))

describe('addresses that a message may go to (S-54)', () => {
  it('takes those of the internet', () => {
    const addresses = [
      '1.1.1.1',
      '8.8.8.8',
      '93.184.216.34',
      '172.15.0.1',
      '172.32.0.1',
      '192.169.0.1',
      '100.63.0.1',
      '100.128.0.1',
      '223.255.255.255',
    ]
    expect(
      kinds([...addresses, '2606:4700:4700::1111', '2a00:1450::1', '64:ff9b::8.8.8.8', '64:ff9b::808:808']),
    ).toEqual(new Set(['public']))
  })

  it('knows the inside of networks, which only a host may open', () => {
    const v4 = [
      '127.0.0.1',
      '127.255.255.254',
      '10.0.0.1',
      '10.255.255.255',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '100.64.0.1',
      '100.127.255.255',
    ]
    expect(kinds([...v4, '::1', '0:0:0:0:0:0:0:1', 'fc00::1', 'fd12:3456:789a::1'])).toEqual(new Set(['private']))
  })

  it.each([
    [
      'metadata services',
      ['169.254.169.254', '100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'],
    ],
    ['link-local', ['169.254.0.1', 'fe80::1', 'febf::1', 'fe80::1%eth0', 'fec0::1']],
    ['this host and broadcast', ['0.0.0.0', '0.1.2.3', '::', '255.255.255.255']],
    ['multicast', ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1']],
    [
      'reserved and for documentation',
      [
        '192.0.2.1',
        '198.18.0.1',
        '198.19.255.255',
        '198.51.100.1',
        '203.0.113.1',
        '240.0.0.1',
        '192.88.99.1',
        '2001:db8::1',
        '3fff::1',
        '100::1',
        '4000::1',
        '5f00::1',
      ],
    ],
    [
      'IPv4-mapped and IPv4-compatible',
      [
        '::ffff:8.8.8.8',
        '::ffff:127.0.0.1',
        '::ffff:169.254.169.254',
        '::ffff:a9fe:a9fe',
        '0:0:0:0:0:ffff:7f00:1',
        '::127.0.0.1',
        '::ffff:0:127.0.0.1',
      ],
    ],
    [
      'NAT64 around what is not public',
      ['64:ff9b::127.0.0.1', '64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b::', '64:ff9b:1::8.8.8.8'],
    ],
    ['6to4 and Teredo', ['2002:7f00:1::', '2002:a9fe:a9fe::1', '2002:808:808::1', '2001::1', '2001:0:a9fe:a9fe::1']],
    [
      'what is no address',
      [
        '',
        'localhost',
        '2130706433',
        '0x7f.1',
        '127.1',
        '1.2.3',
        '1.2.3.4.5',
        '01.2.3.4',
        '[::1]',
        '::1 ',
        '1.1.1.1\0',
        'fd00::1%1',
      ],
    ],
  ])('refuses for ever: %s', (_, addresses) => {
    expect(kinds(addresses)).toEqual(new Set(['refused']))
  })
})
