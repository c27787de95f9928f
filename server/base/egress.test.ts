import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openWebHook } from '../testing/receiver.ts'
import { postOutside, refusalOf } from './egress.ts'

describe('what leaves the house', () => {
  it('goes to no name that leads into the house, also when only one of its addresses does', async () => {
    await using hook = await openWebHook(() => ({ status: 200 }))
    for (const addresses of [
      ['127.0.0.1'],
      ['93.184.216.34', '10.0.0.1'],
      ['::1'],
      ['fe80::1'],
      ['::ffff:192.168.0.1'],
    ]) {
      const way = { allowPrivate: false, ca: hook.ca, lookup: async () => addresses }
      await assert.rejects(postOutside(hook.url, { headers: {}, body: '' }, way), /private address/)
    }
    assert.equal(hook.heard.length, 0)
  })

  it('refuses addresses of the house, and those that would hand out its credentials also where private ones are open', () => {
    const open = { allowPrivate: true }
    for (const host of [
      '127.0.0.1',
      '10.1.2.3',
      '[::1]',
      '[64:ff9b::a00:1]',
      '[2002:7f00:1::]',
      'localhost',
      '2130706433',
    ])
      assert.match(refusalOf(`https://${host}/`, { allowPrivate: false }) ?? '', /private/, host)
    for (const host of ['10.1.2.3', '[fd00::1]', 'localhost', 'example.org', '93.184.216.34'])
      assert.equal(refusalOf(`https://${host}/`, open), undefined, host)
    for (const host of ['169.254.169.254', '[::ffff:a9fe:a9fe]', '[64:ff9b::a9fe:a9fe]', '[fd00:ec2::254]'])
      assert.match(refusalOf(`https://${host}/`, open) ?? '', /private/, host)
    assert.equal(refusalOf('https://example.org/', { allowPrivate: false }), undefined)
  })

  it('goes to no metadata service by a name either, wherever private addresses are open', async () => {
    await using hook = await openWebHook(() => ({ status: 200 }))
    const way = { allowPrivate: true, ca: hook.ca, lookup: async () => ['169.254.169.254'] }
    await assert.rejects(postOutside(hook.url, { headers: {}, body: '' }, way), /private address/)
  })
})
