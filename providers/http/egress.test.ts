import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mayReach } from './egress.ts'

describe('where a binding may lead', () => {
  it('is never a metadata service, the wire of this machine, or nowhere', () => {
    for (const address of [
      ...[
        '169.254.169.254',
        '169.254.0.1',
        '168.63.129.16',
        '100.100.100.200',
        '0.0.0.0',
        '224.0.0.1',
        '255.255.255.255',
      ],
      ...['::', 'fe80::1', 'fd00:ec2::254', 'ff02::1', '::ffff:169.254.169.254', 'not an address', ''],
    ]) {
      assert.equal(mayReach(address, true), false, address)
    }
  })

  it('is this machine only where that is meant', () => {
    for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) {
      assert.equal(mayReach(address, false), false, address)
      assert.equal(mayReach(address, true), true, address)
    }
  })

  it('is every other address, also of a private network', () => {
    for (const address of ['10.0.0.1', '192.168.1.1', '93.184.216.34', '2606:2800:220:1::1', 'fd12::1']) {
      assert.equal(mayReach(address, false), true, address)
    }
  })
})
