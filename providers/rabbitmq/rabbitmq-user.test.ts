import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, describe, it } from 'node:test'
import type { FarSide } from '@cardea/contract/rotation/provider'
import { findRabbitmq, startRabbitmq, type TestRabbitmq } from '@cardea/tools/servers/rabbitmq'
import { needs } from '@cardea/tools/servers/require'
import { farSideOf, proposedBy, settingOf } from '../testing/far-side.ts'
import { providerBehaves } from '../testing/provider-behaves.ts'
import { rabbitmqUser } from './rabbitmq-user.ts'
import type { RabbitmqUser } from './user.ts'

const { skip } = needs('RabbitMQ', findRabbitmq)
let rabbitmq: TestRabbitmq
if (skip === false) {
  rabbitmq = await startRabbitmq()
  after(() => rabbitmq[Symbol.asyncDispose]())
}
const provider = rabbitmqUser({ loopback: true })

/** A far side with a user who has a first password. */
async function place(tags = '', more: Partial<RabbitmqUser> = {}): Promise<FarSide<RabbitmqUser>> {
  const { host, port } = rabbitmq
  const user = more.user ?? `shop-${randomBytes(4).toString('hex')}`
  const made = await rabbitmq.ask('PUT', `users/${encodeURIComponent(user)}`, { password: 'first', tags })
  assert.ok(made.status < 300, made.text)
  return farSideOf(provider.binding.read({ host, port, admin: 'admin', user, ...more }, 'binding'), {
    admin: rabbitmq.url(),
  })
}
const proposed = (far: FarSide<RabbitmqUser>) => proposedBy(provider, far)

providerBehaves(
  provider,
  async () => {
    const far = await place()
    const { binding } = far
    return settingOf(far, {
      state: () => rabbitmq.ask('GET', `users/${binding.user}`),
      async administrators() {
        await rabbitmq.ask('PUT', 'users/least', { password: 'pw', tags: 'administrator' })
        await rabbitmq.ask('PUT', 'users/powerless', { password: 'pw', tags: 'management' })
        return {
          least: { admin: rabbitmq.url('least', 'pw') },
          powerless: { admin: rabbitmq.url('powerless', 'pw') },
        }
      },
    })
  },
  { skip },
)

describe('a user of RabbitMQ', { skip }, () => {
  it('has one password, and keeps what it may do', async () => {
    for (const tags of ['', 'management', 'monitoring,policymaker']) {
      const far = await place(tags)
      const before = JSON.parse((await rabbitmq.ask('GET', `users/${far.binding.user}`)).text)
      const credential = proposed(far)
      assert.equal(await provider.probe({ value: 'first', slot: undefined }, far), 'valid', tags)
      await provider.apply(credential, far)
      assert.equal(await provider.probe(credential, far), 'valid', tags)
      assert.equal(await provider.probe({ value: 'first', slot: undefined }, far), 'invalid', tags)
      const after = JSON.parse((await rabbitmq.ask('GET', `users/${far.binding.user}`)).text)
      assert.deepEqual(after.tags, before.tags)
    }
  })

  it('may have any name, and is never told its password', async () => {
    for (const user of ['a/b?c#d%20e', 'o\'brien "x"', 'Ünïcödé 🔑']) {
      const far = await place('', { user, format: 'json' })
      const credential = proposed(far)
      await provider.apply(credential, far)
      assert.equal(await provider.probe(credential, far), 'valid', user)
      assert.ok(!rabbitmq.log().includes(JSON.parse(credential.value).password))
    }
  })

  it('isn’t made up, and is changed by nobody but an administrator of that very server', async () => {
    const far = await place()
    const absent = { ...far, binding: { ...far.binding, user: 'nobody-here' } }
    await assert.rejects(provider.apply(proposed(far), absent), /doesn't exist; create it/)
    for (const [admin, said] of [
      ['http://root:pw@evil.example:15672', /leads to another server/],
      [rabbitmq.url(far.binding.user, 'first'), /its administrator as well/],
      [rabbitmq.url('root', 'wrong'), /answered 401/],
    ] as const) {
      await assert.rejects(provider.apply(proposed(far), { ...far, secrets: { admin } }), said)
    }
  })

  it('has no URI: that of the management interface isn’t the one that programs connect to', () => {
    const bind = (format: string) =>
      provider.binding.read({ host: 'queue.example', port: 15671, admin: 'admin', user: 'shop', format }, 'binding')
    bind('password')
    bind('json')
    assert.throws(() => bind('uri'), { name: 'ShapeError', message: /format must be 'password' or 'json'/ })
  })

  it('is reached without TLS on this machine only', async () => {
    const far = await place()
    const elsewhere = { ...far.binding, host: '192.0.2.1' }
    const admin = rabbitmq.url().replace('127.0.0.1', '192.0.2.1')
    await assert.rejects(
      provider.apply(proposed(far), { ...far, binding: elsewhere, secrets: { admin } }),
      /must be reached by https/,
    )
  })
})
