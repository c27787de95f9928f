import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '#base/fault.ts'
import { createLog, silentLog } from '#base/log.ts'
import { findingsOf } from '#core/alerts/findings.ts'
import { principalByApp } from '#core/identity/directory.ts'
import { rotationAppId } from '#core/identity/principal.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import { managerOf, vaultPath } from './planes/management/testing/manager.ts'
import { type Kept, onBothEngines } from './testing/engines.ts'
import { type HeldUp, heldUpKeys, openRotatingKeys, type RotatingKeys, until } from './testing/rotating-keys.ts'

const day = 86_400_000
const origin = 'https://demo.vault.cardea.internal'
/** By the calendar, from what is on the wire. */
const plus = (seconds: number, duration: string): number =>
  Temporal.Instant.fromEpochMilliseconds(seconds * 1000)
    .toZonedDateTimeISO('UTC')
    .add(duration).epochMilliseconds
const versionIn = ({ key }: { key: { kid: string } }): string => key.kid.split('/').at(-1) as string

/** Azure's own example of a policy, in the words of its guide. */
const example = {
  lifetimeActions: [
    { trigger: { timeAfterCreate: 'P18M', timeBeforeExpiry: null }, action: { type: 'Rotate' } },
    { trigger: { timeBeforeExpiry: 'P30D' }, action: { type: 'Notify' } },
  ],
  attributes: { expiryTime: 'P2Y' },
}

onBothEngines((keep) => {
  let kept: Kept
  let here: RotatingKeys
  let door: HeldUp

  before(async () => {
    kept = await keep()
    door = heldUpKeys()
    here = await openRotatingKeys({ env: kept.env, custodians: { software: door }, log: silentLog })
  })
  after(async () => {
    await here?.[Symbol.asyncDispose]()
    await door?.close()
    await kept?.[Symbol.asyncDispose]()
  })

  /** Holds up whoever makes the next key. */
  const holdUp = () => {
    const [begun, going] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    door.before = async () => {
      door.before = async () => {}
      begun.resolve()
      await going.promise
    }
    return { begun: begun.promise, go: () => going.resolve() }
  }
  /** How the rotations of a key ended that nobody asked for. */
  const outcomes = async (name: string) =>
    (await here.house.deeds())
      .filter(({ operation, resource }) => operation === 'KeyRotateIfDue' && resource.includes(`/keys/${name}`))
      .map(({ outcome }) => outcome)

  describe('a rotation policy of a key', () => {
    it('is told as it was given, and notifies thirty days before the end where nothing else is said', async () => {
      const { key } = await here.create('told')
      const id = `${key.kid.slice(0, key.kid.lastIndexOf('/'))}/rotationpolicy`
      const notify = { trigger: { timeBeforeExpiry: 'P30D' }, action: { type: 'Notify' } }
      assert.deepEqual(await here.done('GET', '/keys/told/rotationpolicy'), {
        ...{ id, lifetimeActions: [notify], attributes: {} },
      })
      const set = await here.done('PUT', '/keys/TOLD/rotationpolicy', {
        lifetimeActions: [{ trigger: { timeAfterCreate: 'P90D' }, action: { type: 'rotate' } }],
      })
      const { created, updated, ...others } = set.attributes
      assert.deepEqual([set.id, others], [id, {}])
      assert.ok(Number.isInteger(created) && created === updated)
      const rotate = { trigger: { timeAfterCreate: 'P90D' }, action: { type: 'Rotate' } }
      assert.deepEqual(set.lifetimeActions, [rotate, notify])
      assert.deepEqual(await here.done('GET', '/keys/told/rotationpolicy'), set)
      // As clients send what they were told.
      assert.deepEqual((await here.done('PUT', '/keys/told/rotationpolicy', set)).lifetimeActions, [rotate, notify])
    })

    it('is refused in words that say which rule it breaks', async () => {
      await here.create('strict')
      const put = (body: unknown) => here.ask('PUT', '/keys/strict/rotationpolicy', body)
      const rotate = (trigger: object) => ({ lifetimeActions: [{ trigger, action: { type: 'Rotate' } }] })
      for (const [body, words] of [
        [{ attributes: { expiryTime: 'P27D' } }, /at least P28D/],
        [{ attributes: { expiryTime: '90 days' } }, /ISO 8601/],
        [rotate({ timeAfterCreate: 'P6D' }), /at least P7D/],
        [rotate({ timeBeforeExpiry: 'P30D' }), /expiryTime/],
        [rotate({}), /either timeAfterCreate or timeBeforeExpiry/],
        [{ lifetimeActions: [{ trigger: { timeAfterCreate: 'P9D' }, action: { type: 'x' } }] }, /Rotate or Notify/],
      ] as const) {
        const { status, text, json } = await put(body)
        assert.equal(status, 400, text)
        assert.equal(json.error.code, 'BadParameter')
        assert.match(json.error.message, words)
      }
      assert.deepEqual((await here.done('GET', '/keys/strict/rotationpolicy')).attributes, {})
    })

    it('is that of a key: there is none without one', async () => {
      for (const [method, body] of [['GET'], ['PUT', example]] as const) {
        assert.equal((await here.ask(method, '/keys/nobody/rotationpolicy', body)).status, 404)
      }
      assert.equal((await here.ask('POST', '/keys/nobody/rotate')).status, 404)
    })

    it('goes into the backup of its key, and with the key when that is purged', async () => {
      await here.create('carried')
      const set = await here.done('PUT', '/keys/carried/rotationpolicy', example)
      const { value } = await here.done('POST', '/keys/carried/backup')
      const purge = async () => {
        await here.done('DELETE', '/keys/carried')
        assert.equal((await here.ask('GET', '/keys/carried/rotationpolicy')).status, 404)
        await here.done('DELETE', '/deletedkeys/carried')
      }
      await purge()
      await here.create('carried')
      assert.deepEqual((await here.done('GET', '/keys/carried/rotationpolicy')).attributes, {})
      await purge()
      await here.done('POST', '/keys/restore', { value })
      assert.deepEqual(await here.done('GET', '/keys/carried/rotationpolicy'), set)
    })
  })

  describe('a key that is rotated on demand', () => {
    it('has another version, just like the one before, which stays in use', async () => {
      const old = await here.create('wanted', { key_ops: ['verify', 'sign'], tags: { of: 'mine' }, crv: 'P-384' })
      const fresh = await here.done('POST', '/keys/wanted/rotate')
      assert.notEqual(versionIn(fresh), versionIn(old))
      assert.notEqual(fresh.key.x, old.key.x)
      for (const member of ['kty', 'crv', 'key_ops'] as const) assert.deepEqual(fresh.key[member], old.key[member])
      assert.deepEqual(fresh.tags, { of: 'mine' })
      assert.equal(fresh.attributes.exp, undefined)
      assert.equal(fresh.attributes.enabled, true)
      assert.deepEqual(await here.latest('wanted'), fresh)
      const digest = Buffer.alloc(48, 1).toString('base64url')
      await here.done('POST', `/keys/wanted/${versionIn(old)}/sign`, { alg: 'ES384', value: digest })
    })

    it('ends when its policy says', async () => {
      await here.create('ending')
      await here.policy('ending', { expiryTime: 'P3M' })
      const { attributes } = await here.done('POST', '/keys/ending/rotate')
      assert.equal(attributes.exp * 1000, plus(attributes.created, 'P3M'))
    })

    it('twice at the same moment has two more versions', async () => {
      await here.create('twice')
      const all = await Promise.all([1, 2, 3].map(() => here.done('POST', '/keys/twice/rotate')))
      assert.equal(new Set(all.map(versionIn)).size, 3)
      assert.equal((await here.versions('twice')).length, 4)
    })

    it('stays as it is while it is disabled', async () => {
      await here.create('off', { attributes: { enabled: false } })
      const { status, json } = await here.ask('POST', '/keys/off/rotate')
      assert.deepEqual([status, json.error.code, json.error.innererror.code], [403, 'Forbidden', 'KeyDisabled'])
      assert.equal((await here.versions('off')).length, 1)
    })

    it('is not given what no longer fits, when it has become another meanwhile', async () => {
      await here.create('changing')
      const { begun, go } = holdUp()
      const rotating = here.ask('POST', '/keys/changing/rotate')
      await begun
      const other = await here.create('changing', { crv: 'P-521' })
      go()
      const { status, json } = await rotating
      assert.equal(status, 409)
      assert.match(json.error.message, /another kind.*Rotate it again/)
      assert.deepEqual(await here.latest('changing'), other)
    })
  })

  describe('a key that is due', () => {
    // Those of the tests before have had their turn.
    beforeEach(async () => {
      door.before = async () => {}
      for (const { kid } of (await here.done('GET', '/keys')).value) await here.policy(kid.split('/').at(-1), {})
    })

    it('has its next version when the example of the guide says so, and then again', async () => {
      const first = await here.create('example', { tags: { of: 'mine' } })
      await here.done('PUT', '/keys/example/rotationpolicy', example)
      const due = plus(first.attributes.created, 'P18M')
      await here.leapTo(due - 60_000)
      await here.rests()
      assert.equal((await here.versions('example')).length, 1)
      await here.leapTo(due + 2_000)
      const second = await here.reaches('example', 2)
      assert.equal(second.attributes.exp * 1000, plus(second.attributes.created, 'P2Y'))
      assert.deepEqual(second.tags, { of: 'mine' })
      await here.leapTo(plus(second.attributes.created, 'P18M') + 2_000)
      await here.reaches('example', 3)
      const { database, keyring } = here.house.cardea.base
      const engine = await principalByApp(database.read, keyring, rotationAppId)
      const deeds = (await here.house.deeds()).filter(({ resource }) => resource.includes('/keys/example/'))
      const rotations = deeds.filter(({ operation }) => operation === 'KeyRotateIfDue')
      assert.deepEqual(
        rotations.map(({ caller, outcome }) => [caller, outcome]),
        [1, 2].map(() => [engine?.objectId, 'done']),
      )
      assert.ok(rotations.some(({ resource }) => resource.endsWith(`/${versionIn(second)}`)))
    })

    it('counts from the end of the latest version, and anew from one that was made by hand', async () => {
      const exp = Math.floor((here.now() + 100 * day) / 1000)
      await here.create('counted', { attributes: { exp } })
      await here.policy('counted', { expiryTime: 'P90D', rotate: { timeBeforeExpiry: 'P40D' } })
      const later = exp + 20 * 86_400
      await here.leapTo(here.now() + 50 * day)
      await here.create('counted', { attributes: { exp: later } })
      await here.leapTo(exp * 1000 - 40 * day + 2_000)
      await here.rests()
      assert.equal((await here.versions('counted')).length, 2)
      await here.leapTo(later * 1000 - 40 * day + 2_000)
      const { attributes } = await here.reaches('counted', 3)
      assert.equal(attributes.exp, attributes.created + 90 * 86_400)
      // Without an end there is nothing to count from.
      await here.create('counted')
      await here.leapTo(here.now() + 366 * day)
      await here.rests()
      assert.equal((await here.versions('counted')).length, 4)
    })

    it('follows what its policy has become', async () => {
      await here.create('moved')
      await here.policy('moved', { rotate: { timeAfterCreate: 'P10D' } })
      await here.policy('moved', { rotate: { timeAfterCreate: 'P20D' } })
      await here.leapTo(here.now() + 11 * day)
      await here.rests()
      assert.equal((await here.versions('moved')).length, 1)
      // It would have been due the day before.
      await here.policy('moved', { rotate: { timeAfterCreate: 'P10D' } })
      await here.reaches('moved', 2)
      await here.policy('moved', {})
      await here.leapTo(here.now() + 30 * day)
      await here.rests()
      assert.equal((await here.versions('moved')).length, 2)
    })

    it('rests while it is disabled or deleted, and then has its turn at once', async () => {
      for (const name of ['asleep', 'gone']) {
        await here.create(name)
        await here.policy(name, { rotate: { timeAfterCreate: 'P10D' } })
      }
      await here.done('PATCH', '/keys/asleep', { attributes: { enabled: false } })
      await here.done('DELETE', '/keys/gone')
      await here.leapTo(here.now() + 20 * day)
      await here.rests()
      assert.equal((await here.versions('asleep')).length, 1)
      await here.done('PATCH', '/keys/asleep', { attributes: { enabled: true } })
      await here.done('POST', '/deletedkeys/gone/recover')
      await here.reaches('asleep', 2)
      await here.reaches('gone', 2)
    })

    it('rests with its vault, and is rotated when that comes back', async () => {
      await here.create('within')
      await here.policy('within', { rotate: { timeAfterCreate: 'P10D' } })
      const manager = await managerOf(here.house)
      assert.equal((await manager.ask('DELETE', vaultPath('demo'))).status, 200)
      await here.leapTo(here.now() + 20 * day).catch(() => {})
      await wait(100)
      const { rows } = await here.house.cardea.base.database.read.run(
        `select version from vault_key_version where name_key = 'within'`,
        [],
      )
      assert.equal(rows.length, 1)
      const { tenant } = here.house.cardea.installation
      const properties = { tenantId: tenant, sku: { family: 'A', name: 'standard' }, createMode: 'recover' }
      const token = await here.house.developerToken('https://management.cardea.internal')
      const back = await manager.ask('PUT', vaultPath('demo'), { location: 'local', properties }, { token })
      assert.ok([200, 201].includes(back.status), back.text)
      await here.reaches('within', 2)
    })

    it('is rotated also in a vault that gives its rights by access policies', async () => {
      await here.create('policed')
      await here.policy('policed', { rotate: { timeAfterCreate: 'P10D' } })
      const manager = await managerOf(here.house)
      const byRoles = async (enableRbacAuthorization: boolean) => {
        const token = await here.house.developerToken('https://management.cardea.internal')
        const given = { properties: { enableRbacAuthorization } }
        assert.equal((await manager.ask('PATCH', vaultPath('demo'), given, { token })).status, 200)
      }
      await byRoles(false)
      await here.leapTo(here.now() + 11 * day)
      await here.rests()
      await byRoles(true)
      assert.equal((await here.versions('policed')).length, 2)
    })

    it('is tried again, later each time, while nobody can make it; and an alert says so', async () => {
      await here.create('stuck')
      await here.policy('stuck', { rotate: { timeAfterCreate: 'P10D' } })
      let tries = 0
      door.before = async () => {
        tries += 1
        throw new Fault('unavailable', 'The security module doesn’t answer.')
      }
      const attempts = async () => {
        const { rows } = await here.house.cardea.base.database.read.run(
          `select attempt, at from due where kind = 'rotate-key' and subject = 'demo/stuck' and owner is null`,
          [],
        )
        return rows[0] as { attempt: number; at: number } | undefined
      }
      const pauses: number[] = []
      for (const attempt of [1, 2, 3]) {
        await here.leapTo(attempt === 1 ? here.now() + 10 * day : ((await attempts())?.at ?? 0))
        await until('it was tried', async () => (await attempts())?.attempt === attempt)
        pauses.push(Math.round((((await attempts())?.at ?? 0) - here.now()) / 60_000))
      }
      assert.equal(tries, 3)
      assert.deepEqual(pauses, [1, 2, 4])
      const { base } = here.house.cardea
      const rule = { watch: 'rotation-failed', scope: '/', threshold: 1, withinMs: day } as const
      const where = { sql: base.database.read, vaults: new VaultBook(base.database), at: here.now() }
      const findings = (await findingsOf(rule, where)).map(({ says }) => says)
      assert.equal(findings.length, 1)
      assert.match(findings[0] as string, /key stuck in the vault demo.*failed 3 times/)
      door.before = async () => {}
      await here.leapTo(here.now() + 60 * 60_000)
      await here.reaches('stuck', 2)
      assert.deepEqual(await findingsOf(rule, { ...where, at: here.now() }), [])
    })

    const meanwhile: readonly [string, number, (name: string) => Promise<unknown>][] = [
      ['its policy is taken back', 1, (name) => here.policy(name, {})],
      ['somebody makes one by hand', 2, (name) => here.create(name)],
      ['it is disabled', 1, (name) => here.done('PATCH', `/keys/${name}`, { attributes: { enabled: false } })],
      ['it is deleted', 1, (name) => here.done('DELETE', `/keys/${name}`)],
    ]
    for (const [index, [what, count, change]] of meanwhile.entries()) {
      it(`gets no version that was being made while ${what}`, async () => {
        const name = `meanwhile-${index}`
        await here.create(name)
        await here.policy(name, { rotate: { timeAfterCreate: 'P10D' } })
        const { begun, go } = holdUp()
        await here.leapTo(here.now() + 11 * day)
        await begun
        await change(name)
        go()
        await until('that is in the journal', async () => (await outcomes(name)).length === 1)
        assert.deepEqual(await outcomes(name), ['conflict'])
        if (what === 'it is deleted') await here.done('POST', `/deletedkeys/${name}/recover`)
        const expected = what === 'it is deleted' ? count + 1 : count
        await here.reaches(name, expected)
      })
    }

    it('gets one version, though whoever began to make it was given up as dead and came back', async () => {
      await here.create('zombie')
      await here.policy('zombie', { rotate: { timeAfterCreate: 'P10D' } })
      const { begun, go } = holdUp()
      await here.leapTo(here.now() + 11 * day)
      await begun
      // Its lease is over; the next who looks takes it up.
      await here.leapTo(here.now() + 5 * 60_000)
      await here.reaches('zombie', 2)
      go()
      await until('both are in the journal', async () => (await outcomes('zombie')).length === 2)
      assert.deepEqual(await outcomes('zombie'), ['done', 'conflict'])
      assert.equal((await here.versions('zombie')).length, 2)
    })

    it('is left alone by whoever writes the database', async () => {
      for (const name of ['mine', 'theirs']) {
        await here.create(name)
        await here.policy(name, { rotate: { timeAfterCreate: name === 'mine' ? 'P1Y' : 'P10D' } })
      }
      const run = (sql: string) => here.house.cardea.base.database.write((turn) => turn.sql.run(sql, []))
      await run(
        `update key_rotation_policy set sealed = (select sealed from key_rotation_policy where name_key = 'theirs') where name_key = 'mine'`,
      )
      await run(`update due set at = 1 where kind = 'rotate-key' and subject = 'demo/mine'`)
      await here.leapTo(here.now() + 11 * day)
      await here.reaches('theirs', 2)
      assert.equal((await here.ask('GET', '/keys/mine/rotationpolicy')).status, 500)
      assert.equal((await here.versions('mine')).length, 1)
      await run(`delete from key_rotation_policy where name_key = 'mine'`)
    })
  })

  it('knows its policies under the name that it has on the wire', async () => {
    const { id } = await here.done('GET', '/keys/example/rotationpolicy')
    assert.ok(id.endsWith('/keys/example/rotationpolicy') && id.startsWith(origin), id)
  })

  it('forgets all of it with a vault that is purged', async () => {
    const manager = await managerOf(here.house)
    const { location } = (await manager.ask('GET', vaultPath('demo'))).json
    assert.equal((await manager.ask('DELETE', vaultPath('demo'))).status, 200)
    const purged = await manager.ask(
      'POST',
      `/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/demo/purge`,
    )
    assert.ok(purged.status < 300, purged.text)
    const left = async () => {
      const { rows } = await here.house.cardea.base.database.read.run(
        `select name_key as what from key_rotation_policy union all select name_key from expiry_notice
         union all select subject from due where kind in ('rotate-key', 'key-expiry', 'purge-key')`,
        [],
      )
      return rows
    }
    await until('nothing is left', async () => (await left()).length === 0)
  })
})

it('the log says why a key could not be rotated, also when the database can’t take that down', async () => {
  const lines: string[] = []
  const door = heldUpKeys()
  try {
    const log = createLog('info', { write: (line) => lines.push(line) })
    await using here = await openRotatingKeys({ custodians: { software: door }, log })
    await here.create('unlucky')
    await here.policy('unlucky', { rotate: { timeAfterCreate: 'P10D' } })
    const { database } = here.house.cardea.base
    const write = database.write.bind(database)
    const isAway = async () => {
      throw new Error('the database is away')
    }
    door.before = async () => {
      Object.assign(database, { write: isAway })
      throw new Error('the security module is broken')
    }
    await here.leapTo(here.now() + 10 * day)
    try {
      await until('it was said', () => lines.some((line) => line.includes('the security module is broken')))
    } finally {
      Object.assign(database, { write })
    }
  } finally {
    await door.close()
  }
})
