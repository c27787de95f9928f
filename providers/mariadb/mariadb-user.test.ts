import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, describe, it } from 'node:test'
import type { FarSide } from '@cardea/contract/rotation/provider'
import { findMariadb, startMariadb, type TestMariadb } from '@cardea/tools/servers/mariadb'
import { needs } from '@cardea/tools/servers/require'
import { valueFor } from '../login.ts'
import { farSideOf, proposedBy, settingOf } from '../testing/far-side.ts'
import { providerBehaves } from '../testing/provider-behaves.ts'
import { connected } from './connection.ts'
import { mariadbUser, mysqlUser } from './mariadb-user.ts'
import { nativeHash } from './native-password.ts'
import { account, type DatabaseUser } from './user.ts'

const { skip } = needs('MariaDB', findMariadb)
let mariadb: TestMariadb
if (skip === false) {
  mariadb = await startMariadb()
  after(() => mariadb[Symbol.asyncDispose]())
}

/** A far side with a user who has a first password. */
async function place(more: Partial<DatabaseUser> = {}): Promise<FarSide<DatabaseUser>> {
  const { host, port } = mariadb
  const user = `shop-${randomBytes(4).toString('hex')}`
  const binding = mariadbUser.binding.read({ host, port, admin: 'admin', user, ...more }, 'binding')
  await mariadb.say(`create or replace user ${account(binding)} identified by 'first'`)
  return farSideOf(binding, { admin: mariadb.url() })
}
const first = { value: 'first', slot: undefined }
const proposed = (far: FarSide<DatabaseUser>) => proposedBy(mariadbUser, far)

providerBehaves(
  mariadbUser,
  async () => {
    const far = await place()
    const { binding } = far
    return settingOf(far, {
      state: () => mariadb.say(`show create user ${account(binding)}`),
      async administrators() {
        await mariadb.say(
          "create or replace user least@'%' identified by 'pw'; create or replace user powerless@'%' identified by 'pw'; grant create user, connection admin on *.* to least@'%'; grant select on mysql.* to least@'%'",
        )
        return { least: { admin: mariadb.url('least', 'pw') }, powerless: { admin: mariadb.url('powerless', 'pw') } }
      },
    })
  },
  { skip },
)

it('a password is hashed as the server does it', () => {
  assert.equal(nativeHash('password'), '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19')
})

describe('a user of MariaDB', { skip }, () => {
  it('has both passwords until the old one is retired', async () => {
    const far = await place()
    const [one, other] = [proposed(far), proposed(far)]
    await mariadbUser.apply(one, far)
    await mariadbUser.apply(other, far)
    for (const credential of [first, one, other]) assert.equal(await mariadbUser.probe(credential, far), 'valid')
    await mariadbUser.retire(first, far)
    assert.equal(await mariadbUser.probe(first, far), 'invalid')
    assert.equal(await mariadbUser.probe(one, far), 'valid')
  })

  it('is rotated as its server needs it, whichever name the binding has', async () => {
    const far = await place()
    const credential = proposed(far)
    await mysqlUser.apply(credential, far)
    for (const one of [first, credential]) assert.equal(await mysqlUser.probe(one, far), 'valid')
    await mysqlUser.retire(first, far)
    assert.equal(await mariadbUser.probe(first, far), 'invalid')
  })

  it('is never left without a password', async () => {
    const far = await place()
    await assert.rejects(mariadbUser.retire(first, far), /the only password/)
    assert.equal(await mariadbUser.probe(first, far), 'valid')
  })

  it('never has its password told to the server', async () => {
    const far = await place()
    const credential = proposed(far)
    await mariadbUser.apply(credential, far)
    await mariadbUser.retire(first, far)
    assert.match(mariadb.log(), new RegExp(`alter user '${far.binding.user}'@'%' identified via`))
    assert.ok(!mariadb.log().includes(credential.value))
  })

  it('may have any name, come from anywhere, and have any password', async () => {
    const names = ["o'brien\\", 'x"; drop user root; --', 'pro%20cent@:/?#', 'Ünïcödé 🔑'.slice(0, 8), '$1', 'select']
    const password = '\'"\\%20@:/?#$$ é; drop user root; --\t'
    for (const user of names) {
      const far = await place({ user, from: '127.0.0.%', format: 'uri' })
      const credential = { value: valueFor('mysql', { user, password }, far.binding, '', 'uri'), slot: undefined }
      await mariadbUser.apply(credential, far)
      assert.equal(await mariadbUser.probe(credential, far), 'valid', user)
      await mariadbUser.retire(first, far)
      assert.equal(await mariadbUser.probe(credential, far), 'valid', user)
      await mariadb.say(`drop user ${account(far.binding)}`)
    }
  })

  it('keeps what else is said of it, and is refused where it logs in by something else', async () => {
    const far = await place()
    const name = account(far.binding)
    await mariadb.say(`alter user ${name} with max_user_connections 7`)
    await mariadbUser.apply(proposed(far), far)
    await mariadbUser.apply(proposed(far), far)
    assert.match(await mariadb.say(`show create user ${name}`), /MAX_USER_CONNECTIONS 7/)
    await mariadb.say(
      `alter user ${name} identified via unix_socket or mysql_native_password using '${nativeHash('x')}'`,
    )
    await assert.rejects(mariadbUser.apply(proposed(far), far), /something else than mysql_native_password/)
    const absent = { ...far, binding: { ...far.binding, user: 'nobody-here' } }
    await assert.rejects(mariadbUser.apply(proposed(far), absent), /doesn't exist; create it/)
  })

  it('keeps its sessions through a rotation, and loses them in an emergency', async () => {
    const far = await place({ from: '127.0.0.%' })
    const way = { ...far.binding, password: 'first', tls: false }
    await mariadbUser.apply(proposed(far), far)
    await connected(way, far.signal, async (client) => {
      await mariadbUser.retire(first, far)
      await client.query('select 1')
      await mariadbUser.retire(first, { ...far, urgent: true })
      await assert.rejects(client.query('select 1'))
    })
  })

  it('needs an administrator who may create users, read them and end connections, and no more', async () => {
    const far = await place()
    await mariadb.say(
      "create or replace user rotator@'%' identified by 'pw'; grant create user, connection admin on *.* to rotator@'%'; grant select on mysql.* to rotator@'%'",
    )
    const least = { ...far, secrets: { admin: mariadb.url('rotator', 'pw') }, urgent: true }
    const credential = proposed(far)
    await mariadbUser.apply(credential, least)
    await mariadbUser.retire(first, least)
    assert.equal(await mariadbUser.probe(credential, far), 'valid')
  })

  it('is changed by nobody but an administrator of that very server, one at a time', async () => {
    const far = await place()
    for (const [admin, said] of [
      ['mysql://root:pw@evil.example:3306', /leads to another server/],
      ['postgresql://root:pw@127.0.0.1', /is not a URI mysql:/],
      [mariadb.url(far.binding.user, 'first'), /its administrator as well/],
      [mariadb.url('root', 'wrong'), /Access denied/],
    ] as const) {
      await assert.rejects(mariadbUser.apply(proposed(far), { ...far, secrets: { admin } }), said)
    }
    const both = [mariadbUser.apply(proposed(far), far), mariadbUser.apply(proposed(far), far)]
    const [one, other] = (await Promise.allSettled(both)).map(({ status }) => status)
    assert.ok(one === 'fulfilled' || other === 'fulfilled')
  })
})
