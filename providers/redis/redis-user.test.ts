import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { FarSide } from '@cardea/contract/rotation/provider'
import { findRedis, startRedis, type TestRedis } from '@cardea/tools/servers/redis'
import { needs } from '@cardea/tools/servers/require'
import { valueFor } from '../login.ts'
import { farSideOf, proposedBy, settingOf } from '../testing/far-side.ts'
import { providerBehaves } from '../testing/provider-behaves.ts'
import { type RedisUser, redisUser } from './redis-user.ts'
import { connected } from './resp.ts'

const { skip } = needs('Redis', findRedis)
let redis: TestRedis
if (skip === false) {
  redis = await startRedis()
  after(() => redis[Symbol.asyncDispose]())
}

/** A far side with a user who has a first password. */
async function place(more: Partial<RedisUser> = {}): Promise<FarSide<RedisUser>> {
  const user = more.user ?? `shop-${randomBytes(4).toString('hex')}`
  await redis.say(`ACL SETUSER ${user} on >first ~shop:* +get +set +ping`)
  const { host, port } = redis
  return farSideOf(redisUser.binding.read({ host, port, admin: 'admin', user, ...more }, 'binding'), {
    admin: redis.url(),
  })
}
const proposed = (far: FarSide<RedisUser>) => proposedBy(redisUser, far)

providerBehaves(
  redisUser,
  async () => {
    const far = await place()
    const { binding } = far
    return settingOf(far, {
      state: () => redis.say(`ACL GETUSER ${binding.user}`),
      async administrators() {
        await redis.say('ACL SETUSER least on >pw -@all +auth +acl|getuser +acl|setuser +acl|save +client|kill')
        await redis.say('ACL SETUSER powerless on >pw -@all +auth')
        return { least: { admin: redis.url('least', 'pw') }, powerless: { admin: redis.url('powerless', 'pw') } }
      },
    })
  },
  { skip },
)

describe('a user of Redis', { skip }, () => {
  it('has both passwords until the old one is retired, and loses none to another’s rotation', async () => {
    const far = await place()
    const [one, other] = [proposed(far), proposed(far)]
    await redisUser.apply(one, far)
    await redisUser.apply(other, far)
    const first = { value: 'first', slot: undefined }
    for (const credential of [first, one, other]) assert.equal(await redisUser.probe(credential, far), 'valid')
    await redisUser.retire(first, far)
    assert.deepEqual(await Promise.all([first, one, other].map((credential) => redisUser.probe(credential, far))), [
      'invalid',
      'valid',
      'valid',
    ])
  })

  it('is still as it was changed when the server has started anew', async () => {
    const far = await place()
    const credential = proposed(far)
    await redisUser.apply(credential, far)
    await redis.kill()
    await redis.restart()
    assert.equal(await redisUser.probe(credential, far), 'valid')
    assert.ok((await readFile(join(redis.folder, 'users.acl'), 'utf8')).includes(hash(credential.value)))
  })

  it('is told to the server only as a hash, in every form that the value may have', async () => {
    for (const format of ['password', 'uri', 'json'] as const) {
      const far = await place({ format })
      const credential = proposed(far)
      await redisUser.apply(credential, far)
      assert.equal(await redisUser.probe(credential, far), 'valid')
      const plain = { ...far, binding: { ...far.binding, format: undefined } }
      assert.equal(await redisUser.probe(credential, plain), 'valid', 'whatever form the binding has by now')
    }
  })

  it('keeps its sessions through a rotation, and loses them in an emergency', async () => {
    const far = await place()
    const { host, port, user } = far.binding
    const first = { value: 'first', slot: undefined }
    await redisUser.apply(proposed(far), far)
    await connected({ host, port, tls: false }, far.signal, async (ask) => {
      await ask('AUTH', user, 'first')
      await redisUser.retire(first, far)
      assert.equal(await ask('SET', 'shop:1', 'x'), 'OK')
      await redisUser.retire(first, { ...far, urgent: true })
      await wait(50)
      await assert.rejects(ask('GET', 'shop:1'), /closed|ended|reset/i)
    })
  })

  it('may have any name and password', async () => {
    for (const user of ["o'brien", 'x";FLUSHALL;', '$1', '*3', '\\r\\n', 'Ünïcödé🔑']) {
      const binding = redisUser.binding.read({ ...(await place()).binding, user, format: 'uri' }, 'binding')
      const far = { ...(await place()), binding }
      await redis.say(`ACL SETUSER "${user.replaceAll(/["\\]/g, '\\$&')}" on >first`)
      const value = valueFor('redis', { user, password: '\'"\\%20@:/?# é;\t' }, binding, '', 'uri')
      await redisUser.apply({ value, slot: undefined }, far)
      assert.equal(await redisUser.probe({ value, slot: undefined }, far), 'valid', user)
      await redisUser.retire({ value, slot: undefined }, far)
      assert.equal(await redisUser.probe({ value, slot: undefined }, far), 'invalid', user)
    }
    for (const user of ['a b', 'a\r\nFLUSHALL', '', 'a\0'])
      assert.throws(() => redisUser.binding.read({ host: 'x', port: 1, admin: 'a', user }, 'binding'), {
        name: 'ShapeError',
      })
  })

  it('isn’t made up, and isn’t changed while it needs no password', async () => {
    const far = await place()
    const absent = { ...far, binding: { ...far.binding, user: 'nobody-here' } }
    await assert.rejects(redisUser.apply(proposed(far), absent), /doesn't exist; create it/)
    await redis.say(`ACL SETUSER ${far.binding.user} nopass`)
    await assert.rejects(redisUser.apply(proposed(far), far), /take "nopass" away/)
  })

  it('is changed by nobody but an administrator of that very server', async () => {
    const far = await place()
    for (const [admin, said] of [
      ['redis://root:pw@evil.example:6379', /leads to another server/],
      [redis.url().replace(`:${redis.port}`, ''), /leads to another server/],
      ['https://root:pw@127.0.0.1', /is not a URI redis:/],
      ['hunter2', /is not a URI redis:/],
      [redis.url(far.binding.user, 'first'), /its administrator as well/],
      [redis.url('root', 'wrong'), /WRONGPASS/],
    ] as const) {
      await assert.rejects(redisUser.apply(proposed(far), { ...far, secrets: { admin } }), said)
    }
  })

  it('needs an administrator who may use five commands, and no more', async () => {
    const far = await place()
    await redis.say('ACL SETUSER rotator on >pw -@all +auth +acl|getuser +acl|setuser +acl|save +client|kill')
    const least = { ...far, secrets: { admin: redis.url('rotator', 'pw') }, urgent: true }
    const credential = proposed(far)
    await redisUser.apply(credential, least)
    await redisUser.retire(credential, least)
    assert.equal(await redisUser.probe(credential, far), 'invalid')
  })
})

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
