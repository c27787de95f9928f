import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { describe, it } from 'node:test'
import { checkedLookup, type Territory, territoryOf, Unreachable } from './addresses.ts'

const led: { readonly [territory in Territory]: readonly string[] } = {
  never: [
    ...['0.0.0.0', '0.1.2.3', '169.254.169.254', '168.63.129.16', '100.100.100.200', '224.0.0.1', '240.0.0.1'],
    ...['255.255.255.255', '192.0.0.192', '::', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1', 'ff02::1', '100::1'],
    ...['fd00:ec2::254', 'FD00:EC2:0:0:0:0:0:254', 'fd20:ce::254', '', 'not an address', '127.1', '0x7f000001'],
  ],
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1'],
  private: [
    ...['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '100.127.255.255', '198.18.0.1'],
    ...['192.0.2.1', '203.0.113.9', 'fc00::1', 'fd12:3456::1', '2001:db8::1', '2002:808:808::1'],
    ...['2001:0:808:808::f7f7:f7f7'],
  ],
  public: [
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450:4001:80b::200e',
    '2001:4860:4860::8888',
  ],
}

describe('where an address leads', () => {
  it('is told by the registries of special addresses', () => {
    for (const [territory, addresses] of Object.entries(led))
      for (const address of addresses) assert.equal(territoryOf(address), territory, address)
  })

  it('is for an IPv4 address in IPv6 clothes where it leads itself', () => {
    // 169.254.169.254, 127.0.0.1, 10.0.0.1 and 8.8.8.8, as each kind of gateway would find them.
    for (const [hex, territory] of [
      ['a9fe:a9fe', 'never'],
      ['7f00:1', 'loopback'],
      ['a00:1', 'private'],
      ['808:808', 'public'],
    ] as const) {
      for (const clothes of [
        `::ffff:${hex}`,
        `::${hex}`,
        `::ffff:0:${hex}`,
        `64:ff9b::${hex}`,
        `2606:4700::5efe:${hex}`,
      ])
        assert.equal(territoryOf(clothes), territory, clothes)
    }
    for (const clothes of [
      '::ffff:169.254.169.254',
      '64:ff9b::169.254.169.254',
      '::169.254.169.254',
      '2002:a9fe:a9fe::1',
    ])
      assert.equal(territoryOf(clothes), 'never', clothes)
    assert.equal(territoryOf('2002:7f00:1::'), 'loopback')
    assert.equal(territoryOf('2001:0:808:808:0:0:5601:5601'), 'never', 'Teredo hides its client: 169.254.169.254')
    assert.equal(territoryOf('2001:0:7f00:1::f7f7:f7f7'), 'loopback', 'and names its server')
  })

  it('is nobody’s guess where each network chooses the place of the IPv4 address', () => {
    for (const address of ['64:ff9b:1::a9fe:a9fe', '64:ff9b:1:a9fe:a9:fe00::', '64:ff9b:1::808:808'])
      assert.equal(territoryOf(address), 'never', address)
  })
})

describe('a lookup that is checked', () => {
  const look = (found: readonly LookupAddress[], all: boolean) =>
    new Promise((resolve) => {
      const lookup = checkedLookup(
        (_, __, done) => done(null, [...found]),
        (address) => territoryOf(address) === 'public',
      )
      lookup('name.example', { all }, (error, address, family) => resolve(error ?? [address, family]))
    })
  const [open, closed] = [
    { address: '8.8.8.8', family: 4 },
    { address: '64:ff9b::a00:1', family: 6 },
  ]

  it('gives the addresses that were checked', async () => {
    assert.deepEqual(await look([open], false), ['8.8.8.8', 4])
    assert.deepEqual(await look([open], true), [[open], undefined])
  })

  it('gives none of a name that has one address too many, or none', async () => {
    for (const found of [[closed], [open, closed], []]) assert.ok((await look(found, true)) instanceof Unreachable)
  })
})
