import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { builtInRoles } from '@cardea/contract/roles'
import type { Kind } from '@cardea/contract/rotation/provider'
import { randomValue } from '@cardea/providers/random/random-value'
import { pino } from 'pino'
import { silentLog } from '#base/log.ts'
import { principalByApp } from '#core/identity/directory.ts'
import { rotationAppId } from '#core/identity/principal.ts'
import { timesFrom } from '#core/rotation/policy.ts'
import { FakeFarSide } from '#core/rotation/testing/far-side.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import { rotator } from '#workers/rotator.ts'
import { startWorker } from '#workers/worker.ts'
import type { Wanted } from './testing/house.ts'
import { fastTimes, openRotating, type Rotating } from './testing/rotating.ts'

const withFarSide = async (kind: Kind = 'slots', more: Wanted = {}, admin?: string) => {
  const far = new FakeFarSide(kind, admin)
  const here = await openRotating({
    ...more,
    rotation: { providers: new Map([['fake', far.provider]]), ...more.rotation },
  })
  return { far, here, [Symbol.asyncDispose]: () => here[Symbol.asyncDispose]() }
}
const fake = { provider: 'fake', intervalSeconds: null, graceSeconds: 0 }
const currentValue = async (here: Rotating, name = 'db'): Promise<string> => (await here.get(name)).json.value
const versionOf = async (here: Rotating, name = 'db'): Promise<string> =>
  (await here.get(name)).json.id.split('/').at(-1)

/** Holds a rotation at a step, once, for as long as the test wants. */
const holding = (step: string) => {
  let reached: () => void = () => {}
  let release: () => void = () => {}
  const hold = {
    armed: false,
    arrived: new Promise<void>((resolve) => {
      reached = resolve
    }),
    release: () => release(),
    async onStep(at: string, when: string) {
      if (!hold.armed || at !== step || when !== 'before') return
      hold.armed = false
      reached()
      await new Promise<void>((resolve) => {
        release = resolve
      })
    },
  }
  return hold
}

describe('a secret that is bound', () => {
  it('gets its first version from its first rotation, if it has none', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    const bound = await here.bind('db', fake)
    assert.equal(bound.status, 200)
    assert.equal(bound.json.secret, 'db')
    const { version } = await here.reaches('db', 'done')
    const { json } = await here.get('db')
    assert.equal(json.id.split('/').at(-1), version)
    assert.deepEqual(json.tags, { CredentialId: 'a' })
    assert.ok(far.accepts(json.value))
    assert.deepEqual(far.heard, ['apply a', 'probe a'])
  })

  it('is published within a fraction of a second of being due', async () => {
    await using open = await withFarSide()
    const { here } = open
    const since = performance.now()
    await here.bind('db', fake)
    await here.until('there is a version', async () => (await here.get('db')).status === 200)
    assert.ok(performance.now() - since < 1_000)
  })

  it('alternates between its slots, and the old credential is refused once a rotation is done', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    for (const slot of ['b', 'a', 'b']) {
      const old = await currentValue(here)
      const { rotation } = await here.rotate('db')
      assert.equal(rotation?.reason, 'on-demand')
      const done = await here.reaches('db', 'done')
      assert.equal(done.id, rotation?.id)
      const { json } = await here.get('db')
      assert.equal(json.tags.CredentialId, slot)
      assert.ok(far.accepts(json.value))
      assert.ok(!far.accepts(old))
    }
  })

  it('keeps the old credential if it isn’t to be scrubbed', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, scrub: false })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    await here.rotate('db')
    await here.reaches('db', 'done')
    assert.ok(far.accepts(old))
    assert.ok(far.accepts(await currentValue(here)))
  })

  it('leaves a value alone that isn’t of the provider’s making', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.set('db', 'by hand')
    await here.bind('db', fake)
    assert.equal((await here.show('db')).rotation, null)
    await here.rotate('db')
    await here.reaches('db', 'done')
    assert.equal((await here.get('db')).json.tags.CredentialId, 'a')
    assert.ok(!far.heard.some((heard) => heard.startsWith('retire')))
  })

  it('keeps content type, tags, and how long a version lives', async () => {
    await using open = await withFarSide()
    const { here } = open
    const now = Math.floor(Date.now() / 1000)
    await here.set('db', 'by hand', {
      contentType: 'application/x-uri',
      tags: { owner: 'shop' },
      attributes: { exp: now + 86_400 },
    })
    await here.bind('db', fake)
    await here.rotate('db')
    await here.reaches('db', 'done')
    const { json } = await here.get('db')
    assert.equal(json.contentType, 'application/x-uri')
    assert.deepEqual(json.tags, { owner: 'shop', CredentialId: 'a' })
    assert.ok(Math.abs(json.attributes.exp - now - 86_400) <= 5)
  })

  it('rotates by itself, again and again', async () => {
    let ahead = 0
    await using open = await withFarSide('slots', { clock: () => Date.now() + ahead })
    const { here } = open
    await here.bind('db', { ...fake, intervalSeconds: 600 })
    await here.reaches('db', 'done')
    const seen = new Set([await versionOf(here)])
    for (let turn = 0; turn < 3; turn += 1) {
      const { due } = await here.show('db')
      const lead = (due ?? 0) * 1000 - (Date.now() + ahead)
      assert.ok(lead > 590_000 && lead < 600_000, String(lead))
      ahead += 600_000
      // Any commit makes the worker look at the clock.
      await here.set('other', 'x')
      const before = [...seen].at(-1)
      await here.until('it has rotated', async () => (await versionOf(here)) !== before)
      await here.reaches('db', 'done')
      seen.add(await versionOf(here))
    }
    assert.equal(seen.size, 4)
  })

  it('is shown without a value, and so are its logs, its errors and its events', async () => {
    const said: string[] = []
    const log = pino({ level: 'trace' }, { write: (line: string) => void said.push(line) })
    await using open = await withFarSide('slots', { log }, 'admin')
    const { here, far } = open
    far.adminPassword = 'the-admin-password'
    await here.set('admin', 'the-admin-password')
    far.losesAnswers = true
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    far.up = false
    await here.rotate('db')
    await here.until('it has failed', async () => (await here.show('db')).rotation?.lastError !== null)
    said.push(JSON.stringify(await here.show('db')))
    far.up = true
    await here.reaches('db', 'done')
    const { base } = here.house.cardea
    for (const table of ['rotation', 'change', 'audit', 'event_delivery', 'due']) {
      said.push(JSON.stringify((await base.database.read.run(`select * from ${table}`, [])).rows))
    }
    assert.ok(far.values.size >= 2)
    for (const value of [...far.values, 'the-admin-password']) assert.ok(!said.join('').includes(value))
  })
})

describe('binding', () => {
  it('refuses an unknown provider, a binding that isn’t one, and a secret that draws on itself', async () => {
    await using open = await withFarSide('slots', {}, 'db')
    const { here } = open
    const cases: [body: Record<string, unknown>, said: RegExp][] = [
      [{ ...fake, provider: 'nobody' }, /There is no provider nobody. There are fake/],
      [{ ...fake, binding: [] }, /binding must be an object/],
      [{ ...fake, intervalSeconds: 1 }, /intervalSeconds must be a whole number from 10/],
      [fake, /can't be the credential that changes it/],
    ]
    for (const [body, said] of cases) {
      const heard = await here.bind('db', body)
      assert.equal(heard.status, 400)
      assert.match(heard.json.error.message, said)
    }
    assert.equal((await here.ask('GET', '/.cardea/secrets/db/rotation')).status, 404)
  })

  it('needs the right to read what the binding draws on, and to read and set what it binds: nobody borrows the engine’s', async () => {
    await using open = await withFarSide('slots', {}, 'admin')
    const { here } = open
    const { house } = here
    await here.set('admin', 'x')
    const operator = await house.newcomer('operator')
    const vault = `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
    await house.assign(operator.principal, builtInRoles.cardeaRotationOperator, vault)
    const token = await operator.token()
    const bind = () =>
      house.ask(house.vaultHost, 'PUT', '/.cardea/secrets/db/rotation', { token, body: { ...fake, binding: {} } })
    const refused = async (action: string, name: string) => {
      const heard = await bind()
      assert.equal(heard.status, 403)
      assert.match(heard.json.error.message, new RegExp(`Action: 'Microsoft.KeyVault/vaults/secrets/${action}/action'`))
      assert.match(heard.json.error.message, new RegExp(`Resource: '.*/secrets/${name}'`))
    }
    await refused('getSecret', 'admin')
    await house.assign(operator.principal, builtInRoles.keyVaultSecretsUser, `${vault}/secrets/admin`)
    await refused('getSecret', 'db')
    await house.assign(operator.principal, builtInRoles.keyVaultSecretsUser, `${vault}/secrets/db`)
    await refused('setSecret', 'db')
    await house.assign(operator.principal, builtInRoles.keyVaultSecretsOfficer, `${vault}/secrets/db`)
    assert.equal((await bind()).status, 200)
  })

  it('is refused over a place that another secret is bound to: each would break the other', async () => {
    await using open = await withFarSide()
    const { here } = open
    assert.equal((await here.bind('one', { ...fake, binding: { places: ['a', 'b'] } })).status, 200)
    const heard = await here.bind('two', { ...fake, binding: { places: ['b', 'c'] } })
    assert.equal(heard.status, 409)
    assert.match(heard.json.error.message, /Another secret is bound to b already/)
    assert.equal((await here.bind('ONE', { ...fake, binding: { places: ['b', 'd'] } })).status, 200)
    await here.ask('DELETE', '/.cardea/secrets/one/rotation')
    assert.equal((await here.bind('two', { ...fake, binding: { places: ['b', 'c'] } })).status, 200)
  })

  it('can be undone; then nothing rotates', async () => {
    await using open = await withFarSide()
    const { here } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    assert.equal((await here.ask('DELETE', '/.cardea/secrets/db/rotation')).status, 204)
    assert.equal((await here.ask('GET', '/.cardea/secrets/db/rotation')).status, 404)
    assert.equal((await here.ask('POST', '/.cardea/secrets/db/rotate')).status, 404)
    assert.equal((await here.ask('DELETE', '/.cardea/secrets/db/rotation')).status, 404)
    const { rows } = await here.house.cardea.base.database.read.run(`select * from due where kind = 'rotation'`, [])
    assert.deepEqual(rows, [])
  })

  it('again, while a rotation can’t go on, gives way to the new binding at once', async () => {
    const far = new FakeFarSide('slots')
    const dead = new FakeFarSide('slots')
    dead.up = false
    const providers = new Map([
      ['fake', far.provider],
      ['dead', { ...dead.provider, name: 'dead' }],
    ])
    await using here = await openRotating({ rotation: { providers } })
    await here.bind('db', { ...fake, provider: 'dead' })
    await here.until('it fails', async () => (await here.show('db')).rotation?.lastError !== null)
    const stuck = (await here.show('db')).rotation?.id
    await here.bind('db', fake)
    await here.until('another one is done', async () => {
      const { rotation } = await here.show('db')
      return rotation?.id !== stuck && rotation?.state === 'done'
    })
    assert.ok(far.accepts(await currentValue(here)))
  })
})

describe('a rotation in trouble', () => {
  it('goes on with the same candidate when an answer is lost (P4)', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    far.losesAnswers = true
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    assert.deepEqual([...far.values], [await currentValue(here)])
  })

  it('waits for a far side that is down, sends nothing meanwhile, and then goes on with the same candidate', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    far.up = false
    await here.rotate('db')
    await here.until('it says so', async () =>
      /does not answer/.test((await here.show('db')).rotation?.lastError ?? ''),
    )
    assert.equal((await here.show('db')).rotation?.state, 'planned')
    assert.equal(await currentValue(here), old)
    far.up = true
    await here.reaches('db', 'done')
    assert.equal(far.values.size, 2)
    assert.notEqual(await currentValue(here), old)
  })

  it('says in its last error that the administrator is refused, and goes on once the secret is right', async () => {
    await using open = await withFarSide('slots', {}, 'admin')
    const { here, far } = open
    far.adminPassword = 'right'
    await here.set('admin', 'wrong')
    await here.bind('db', fake)
    await here.until('it says so', async () =>
      /password authentication failed for user "admin"/.test((await here.show('db')).rotation?.lastError ?? ''),
    )
    assert.equal((await here.get('db')).status, 404)
    await here.set('admin', 'right')
    const { lastError } = await here.reaches('db', 'done')
    assert.equal(lastError, null)
  })

  for (const kind of ['slots', 'single', 'set', 'minted'] satisfies Kind[]) {
    it(`never publishes what a far side only says it has done, nor ends before the old credential is refused (${kind})`, async () => {
      const hold = holding('retire')
      await using open = await withFarSide(kind, { rotation: { onStep: hold.onStep } })
      const { here, far } = open
      await here.bind('db', fake)
      await here.reaches('db', 'done')
      const [old, version] = [await currentValue(here), await versionOf(here)]
      far.lies = true
      await here.rotate('db')
      await here.until(
        'it was sent again',
        async () => (await here.show('db')).rotation?.attempt !== 0 && far.heard.length > 6,
      )
      assert.equal((await here.show('db')).rotation?.state, 'applying')
      assert.equal(await versionOf(here), version)
      assert.ok(far.accepts(old))

      if (kind !== 'single') hold.armed = true
      far.lies = false
      if (kind === 'minted') {
        // What was made is gone for good: it gives up, and the next one works.
        await here.reaches('db', 'aborted')
        await here.rotate('db')
      }
      if (kind !== 'single') {
        await hold.arrived
        far.lies = true
        hold.release()
        await here.until('it is told so', async () =>
          /not refused yet/.test(String((await here.show('db')).rotation?.lastError)),
        )
        assert.equal((await here.show('db')).rotation?.state, 'retiring')
        far.lies = false
      }
      await here.reaches('db', 'done')
      assert.notEqual(await currentValue(here), old)
      assert.deepEqual(
        [...far.accepted.values()].filter((value) => value === old),
        [],
      )
    })
  }

  it('gives up in the end, keeps what is published, and says why', async () => {
    await using open = await withFarSide('slots', { rotation: { times: { giveUpMs: 600 } } })
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    far.up = false
    await here.rotate('db')
    const { lastError } = await here.reaches('db', 'aborted')
    assert.match(lastError ?? '', /^Given up after too long in vain\. The system that accepts/)
    assert.equal(await currentValue(here), old)
  })

  it('needs the grants of the rotation engine, and says which are missing', async () => {
    await using open = await withFarSide('slots', {}, 'admin')
    const { here, far } = open
    const { database } = here.house.cardea.base
    far.adminPassword = 'right'
    await here.set('admin', 'right')
    const engine = await principalByApp(database.read, rotationAppId)
    await database.write(async (turn) => {
      await turn.sql.run(`delete from role_assignment where principal = '${engine?.objectId}'`, [])
      turn.changeAccess()
    })
    await here.bind('db', fake)
    await here.until('it says so', async () => {
      const error = (await here.show('db')).rotation?.lastError ?? ''
      return /may not read the secret admin: assign 'Cardea Secret Rotator' to the principal 'rotation engine' on .*\/secrets\/admin/.test(
        error,
      )
    })
    assert.ok(engine)
    const vault = `/subscriptions/${here.house.cardea.installation.subscription}/resourceGroups/demo`
    await here.house.assign(engine, builtInRoles.keyVaultSecretsUser, vault)
    await here.until('it may read, not write', async () =>
      /may not set the secret db: assign 'Cardea Secret Rotator'/.test(
        (await here.show('db')).rotation?.lastError ?? '',
      ),
    )
    assert.equal((await here.show('db')).rotation?.state, 'verified')
    await here.house.assign(engine, builtInRoles.cardeaSecretRotator, vault)
    await here.reaches('db', 'done')
  })

  it('is blocked when neither old nor new works, and an operator’s value ends that', async () => {
    await using open = await withFarSide('slots', {}, 'admin')
    const { here, far } = open
    far.adminPassword = 'right'
    await here.set('admin', 'right')
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    far.adminPassword = 'changed'
    far.accepted.clear()
    await here.rotate('db')
    const { lastError } = await here.reaches('db', 'blocked')
    assert.match(lastError ?? '', /Neither the old nor the new credential works\. password authentication failed/)
    const heard = await here.ask('POST', '/.cardea/secrets/db/rotate')
    assert.equal(heard.status, 409)
    assert.match(heard.json.error.message, /is blocked.*Settle it: retry, accept/)
    await here.set('db', 'mended by hand')
    await here.reaches('db', 'aborted')
    assert.equal(await currentValue(here), 'mended by hand')
  })

  it('that is blocked is tried again when it is bound again', async () => {
    await using open = await withFarSide('slots', {}, 'admin')
    const { here, far } = open
    far.adminPassword = 'right'
    await here.set('admin', 'right')
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    far.adminPassword = 'changed'
    far.accepted.clear()
    await here.rotate('db')
    await here.reaches('db', 'blocked')
    await here.set('admin', 'changed')
    await here.bind('db', fake)
    await here.reaches('db', 'retiring', 'done')
    await here.reaches('db', 'done')
    assert.ok(far.accepts(await currentValue(here)))
  })
})

describe('credentials that live side by side', () => {
  for (const kind of ['set', 'minted'] as const) {
    it(`both work until every consumer has switched, then one (${kind})`, async () => {
      await using open = await withFarSide(kind)
      const { here, far } = open
      await here.bind('db', { ...fake, graceSeconds: 1 })
      await here.reaches('db', 'done')
      for (let turn = 0; turn < 3; turn += 1) {
        const old = await currentValue(here)
        await here.rotate('db')
        await here.reaches('db', 'grace')
        const now = await currentValue(here)
        assert.notEqual(now, old)
        assert.ok(far.accepts(old) && far.accepts(now))
        await here.reaches('db', 'done')
        assert.deepEqual([...far.accepted.values()], [now])
      }
    })

    it(`takes a candidate away again that a human’s write has overtaken (${kind})`, async () => {
      const hold = holding('publish')
      await using open = await withFarSide(kind, { rotation: { onStep: hold.onStep } })
      const { here, far } = open
      await here.bind('db', fake)
      await here.reaches('db', 'done')
      const old = await currentValue(here)
      hold.armed = true
      await here.rotate('db')
      await hold.arrived
      await here.set('db', 'by hand')
      assert.equal(far.accepted.size, 2)
      hold.release()
      await here.reaches('db', 'aborted')
      assert.equal(await currentValue(here), 'by hand')
      // What the human put another in place of is theirs to take away.
      assert.deepEqual([...far.accepted.values()], [old])
    })
  }

  for (const kind of ['set', 'minted'] as const) {
    for (const change of ['bound to another place', 'unbound', 'disabled'] as const) {
      it(`takes a candidate away again when the secret is ${change} meanwhile (${kind})`, async () => {
        const hold = holding('publish')
        await using open = await withFarSide(kind, { rotation: { onStep: hold.onStep } })
        const { here, far } = open
        await here.bind('db', { ...fake, binding: { places: ['one'] } })
        await here.reaches('db', 'done')
        const old = await currentValue(here)
        const version = await versionOf(here)
        hold.armed = true
        const { rotation } = await here.rotate('db')
        await hold.arrived
        if (change === 'unbound') await here.ask('DELETE', '/.cardea/secrets/db/rotation')
        else if (change === 'disabled') {
          await here.ask('PATCH', `/secrets/db/${version}?api-version=7.4`, { attributes: { enabled: false } })
        } else await here.bind('db', { ...fake, binding: { places: ['another'] } })
        hold.release()
        const state = async () => {
          const { rows } = await here.house.cardea.base.database.read.run('select id, state from rotation', [])
          return (rows as { id: string; state: string }[]).find(({ id }) => id === rotation?.id)?.state
        }
        await here.until('it has given way', async () => (await state()) === 'aborted')
        assert.ok(far.accepts(old))
        await here.until('only one is left', () => far.accepted.size === 1)
      })
    }
  }

  it('leaves no credential behind whose making was never answered', async () => {
    await using open = await withFarSide('minted')
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    far.losesAnswers = true
    await here.rotate('db')
    await here.until('one was made', () => far.accepted.size === 2)
    far.losesAnswers = false
    await here.reaches('db', 'done')
    assert.deepEqual([...far.accepted.values()], [await currentValue(here)])
    assert.ok(far.heard.includes('sweep x'))
  })

  it('sweeps it away as well when the rotation is given up', async () => {
    await using open = await withFarSide('minted', { rotation: { times: { giveUpMs: 500 } } })
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    far.losesAnswers = true
    await here.rotate('db')
    await here.until('one was made', () => far.accepted.size === 2)
    far.losesAnswers = false
    await here.reaches('db', 'aborted')
    assert.deepEqual([...far.accepted.values()], [await currentValue(here)])
  })
})

describe('an emergency', () => {
  it('waits for nobody, and takes the leaked credential away though the policy would keep it', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 3600, scrub: false })
    await here.reaches('db', 'done')
    const [old, version] = [await currentValue(here), await versionOf(here)]
    await here.report('slow', { db: version })
    const heard = await here.ask('POST', '/.cardea/secrets/db/rotate/emergency')
    assert.equal(heard.status, 202, heard.text)
    assert.equal(heard.json.rotation.reason, 'emergency')
    await here.reaches('db', 'done')
    assert.ok(!far.accepts(old))
    assert.ok(far.accepts(await currentValue(here)))
  })

  it('makes a rotation haste that waits for consumers', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 3600 })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    const { rotation } = await here.rotate('db')
    await here.reaches('db', 'grace')
    await here.ask('POST', '/.cardea/secrets/db/rotate/emergency')
    const done = await here.reaches('db', 'done')
    assert.equal(done.id, rotation?.id)
    assert.ok(!far.accepts(old))
  })
})

describe('going back', () => {
  const inGrace = async (kind: Kind = 'slots', more: Wanted = {}) => {
    const open = await withFarSide(kind, more)
    const { here } = open
    await here.bind('db', { ...fake, graceSeconds: 3600 })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    await here.report('one', { db: await versionOf(here) })
    const { rotation } = await here.rotate('db')
    if (kind !== 'single') await here.reaches('db', 'grace')
    return { ...open, old, fresh: await currentValue(here), id: rotation?.id }
  }
  const back = (here: Rotating) => here.ask('POST', '/.cardea/secrets/db/rotate/back')

  for (const kind of ['slots', 'set', 'minted'] as const) {
    it(`publishes the old value again, and takes the new credential away once everybody has left it (${kind})`, async () => {
      await using open = await inGrace(kind)
      const { here, far, old, fresh, id } = open
      await here.report('two', { db: await versionOf(here) })
      const heard = await back(here)
      assert.equal(heard.status, 202, heard.text)
      await here.until('the old value is current', async () => (await currentValue(here)) === old)
      await here.until(
        'it waits',
        async () => (await here.show('db')).rotation?.state === 'retiring' || far.accepts(fresh),
      )
      assert.ok(far.accepts(fresh), 'somebody runs on it')
      const version = await versionOf(here)
      await here.report('one', { db: version })
      await here.report('two', { db: version })
      const done = await here.reaches('db', 'done')
      assert.equal(done.id, id)
      assert.match(done.lastError ?? '', /^(An operator went back|$)/)
      assert.ok(far.accepts(old))
      assert.ok(!far.accepts(fresh))
      // And the next rotation finds everything in order.
      await here.rotate('db')
      await here.until('it is another', async () => (await currentValue(here)) !== old)
    })
  }

  it('stays where it is when the old value is refused already, and says so', async () => {
    await using open = await inGrace()
    const { here, far, old, fresh } = open
    far.accepted.delete('a')
    assert.equal((await back(here)).status, 202)
    await here.until('it has looked', async () =>
      /refused already/.test((await here.show('db')).rotation?.lastError ?? ''),
    )
    assert.equal(await currentValue(here), fresh)
    assert.ok(!far.accepts(old))
  })

  it('waits for a target that is down, and takes nothing away meanwhile', async () => {
    await using open = await inGrace()
    const { here, far, old } = open
    far.up = false
    await back(here)
    await here.until('it has tried', async () => ((await here.show('db')).rotation?.attempt ?? 0) > 1)
    assert.equal((await here.show('db')).rotation?.state, 'returning')
    far.up = true
    await here.until('the old value is current', async () => (await currentValue(here)) === old)
  })

  it('asked for twice happens once', async () => {
    await using open = await inGrace()
    const { here, old } = open
    const [one, two] = await Promise.all([back(here), back(here)])
    assert.deepEqual([one.status, two.status], [202, 202])
    await here.until('the old value is current', async () => (await currentValue(here)) === old)
    const { value } = (await here.ask('GET', '/secrets/db/versions?api-version=7.4')).json
    assert.equal(value.length, 3)
  })

  it('is overruled by a leak', async () => {
    await using open = await inGrace()
    const { here, far, old, fresh } = open
    far.up = false
    await back(here)
    await here.ask('POST', '/.cardea/secrets/db/rotate/emergency')
    far.up = true
    await here.reaches('db', 'done')
    assert.equal(await currentValue(here), fresh)
    assert.ok(!far.accepts(old))
  })

  it('is refused with the reason where the old credential is not sure to live', async () => {
    await using open = await inGrace('single')
    const { here } = open
    const refused = async (why: RegExp) => {
      const heard = await back(here)
      assert.equal(heard.status, 409, heard.text)
      assert.match(heard.text, why)
    }
    await here.reaches('db', 'grace', 'done')
    await refused(/but one credential at a time|no rotation is open/)
    assert.equal((await here.ask('POST', '/.cardea/secrets/nothing/rotate/back')).status, 404)
  })

  it('is refused before the publication, after a human’s write, and after the end', async () => {
    await using open = await inGrace()
    const { here, far } = open
    const refused = async (why: RegExp) => {
      const heard = await back(here)
      assert.equal(heard.status, 409, heard.text)
      assert.match(heard.text, why)
    }
    await here.set('db', 'by hand')
    await refused(/theirs stands/)
    await here.ask('POST', '/.cardea/secrets/db/rotate/emergency')
    await here.reaches('db', 'done')
    await refused(/no rotation is open/)
    far.up = false
    await here.rotate('db')
    await refused(/nothing new is published yet/)
  })

  it('comes to the same end, whatever step its work is torn off at', async () => {
    class TornOff extends Error {}
    const moments: string[] = []
    let [tearAt, watching] = [-1, false]
    const onStep = (step: string, when: string) => {
      if (!watching) return
      moments.push(`${when} ${step}`)
      if (moments.length - 1 === tearAt) throw new TornOff()
    }
    await using open = await withFarSide('slots', { log: silentLog, rotation: { onStep } })
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 3600 })
    await here.reaches('db', 'done')
    const goneBack = async (): Promise<void> => {
      const old = await currentValue(here)
      await here.report('one', { db: await versionOf(here) })
      await here.rotate('db')
      await here.reaches('db', 'grace')
      const fresh = await currentValue(here)
      watching = true
      moments.length = 0
      assert.equal((await back(here)).status, 202)
      await here.until('the old value is current', async () => (await currentValue(here)) === old)
      await here.report('one', { db: await versionOf(here) })
      await here.reaches('db', 'done')
      watching = false
      assert.ok(far.accepts(old) && !far.accepts(fresh), moments.join())
      assert.deepEqual([...far.accepted.values()], [old])
    }
    await goneBack()
    const whole = [...moments]
    assert.ok(whole.includes('before return'), whole.join())
    for (const moment of new Set(whole)) {
      tearAt = whole.indexOf(moment)
      await goneBack()
    }
  })
})

describe('a rotation that is blocked', () => {
  const blocked = async (kind: Kind = 'slots') => {
    const open = await withFarSide(kind, {}, 'admin')
    const { here, far } = open
    far.adminPassword = 'right'
    await here.set('admin', 'right')
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    far.adminPassword = 'changed'
    far.accepted.clear()
    await here.rotate('db')
    await here.reaches('db', 'blocked')
    return open
  }
  const settle = (here: Rotating, way: string) => here.ask('POST', '/.cardea/secrets/db/rotation/settle', { way })

  it('goes on with the same candidate when an operator says to try again', async () => {
    await using open = await blocked()
    const { here, far } = open
    const { rotation } = await here.show('db')
    await here.set('admin', 'changed')
    assert.equal((await settle(here, 'retry')).status, 202)
    const done = await here.reaches('db', 'done')
    assert.equal(done.id, rotation?.id)
    assert.equal(far.values.size, 2)
    assert.ok(far.accepts(await currentValue(here)))
  })

  it('leaves the far side as it is when an operator has put it right', async () => {
    await using open = await blocked('single')
    const { here, far } = open
    const value = await currentValue(here)
    far.accepted.set('x', value)
    const sent = far.heard.filter((heard) => heard.startsWith('apply')).length
    await settle(here, 'accept')
    const { lastError } = await here.reaches('db', 'aborted')
    assert.match(lastError ?? '', /An operator took it as done/)
    assert.equal(await currentValue(here), value)
    assert.equal(far.heard.filter((heard) => heard.startsWith('apply')).length, sent)
  })

  it('puts back what is published when an operator gives it up', async () => {
    await using open = await blocked('single')
    const { here, far } = open
    await here.set('admin', 'changed')
    await settle(here, 'abandon')
    await here.reaches('db', 'aborted')
    assert.ok(far.accepts(await currentValue(here)))
  })

  it('is the only one that is settled, and in one of three ways', async () => {
    await using open = await withFarSide()
    const { here } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    assert.equal((await settle(here, 'retry')).status, 409)
    assert.equal((await settle(here, 'pray')).status, 400)
  })
})

describe('a human’s write', () => {
  it('wins over a rotation that has proven its candidate but not published it', async () => {
    let reached: () => void = () => {}
    let goOn: () => void = () => {}
    const arrived = new Promise<void>((resolve) => {
      reached = resolve
    })
    const released = new Promise<void>((resolve) => {
      goOn = resolve
    })
    let armed = false
    const onStep = async (step: string, when: string) => {
      if (!armed || step !== 'publish' || when !== 'before') return
      armed = false
      reached()
      await released
    }
    await using open = await withFarSide('slots', { rotation: { onStep } })
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    armed = true
    await here.rotate('db')
    await arrived
    const theirs = await here.set('db', 'by hand')
    goOn()
    const { lastError, version } = await here.reaches('db', 'aborted')
    assert.match(lastError ?? '', /Somebody set another version/)
    assert.equal(version, null)
    assert.equal(await versionOf(here), theirs)
    assert.equal(far.values.size, 2)
    const versions = (await here.ask('GET', '/secrets/db/versions?api-version=7.4')).json.value
    assert.equal(versions.length, 2)
  })

  it('that publishes the old credential again keeps it from being taken away', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 1 })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    await here.rotate('db')
    await here.reaches('db', 'grace')
    await here.set('db', old)
    const { lastError } = await here.reaches('db', 'done')
    assert.match(lastError ?? '', /published the old credential again/)
    assert.ok(far.accepts(old))
  })

  for (const kind of ['slots', 'set'] as const) {
    it(`that publishes the old credential again while it is being taken away gets it back (${kind})`, async () => {
      const hold = holding('retire')
      await using open = await withFarSide(kind, { rotation: { onStep: hold.onStep } })
      const { here, far } = open
      await here.bind('db', { ...fake, graceSeconds: 1 })
      await here.reaches('db', 'done')
      const old = await currentValue(here)
      hold.armed = true
      await here.rotate('db')
      await hold.arrived
      const fresh = await currentValue(here)
      await here.report('one', { db: await versionOf(here) })
      await here.set('db', old)
      hold.release()
      await here.until('it was taken away', () => far.heard.some((heard) => heard.startsWith('retire')))
      await here.until('it is back', () => far.accepts(old))
      assert.ok(far.accepts(fresh), 'somebody runs on it')
      await here.report('one', { db: await versionOf(here) })
      await here.reaches('db', 'done')
      assert.ok(far.accepts(old))
      assert.equal(await currentValue(here), old)
      // A slot is left until its turn comes round; of what lives side by side only one stays.
      assert.equal(far.accepts(fresh), kind === 'slots')
    })
  }

  it('that publishes the old credential again leaves nobody behind on the new one unnamed', async () => {
    await using open = await withFarSide('set')
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 1 })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    await here.rotate('db')
    await here.reaches('db', 'grace')
    const fresh = await currentValue(here)
    const version = await versionOf(here)
    await here.set('db', old)
    await here.until('it is taken away', async () => {
      await here.report('lagging', { db: version })
      return !far.accepts(fresh)
    })
    assert.ok(far.accepts(old))
    const { rows } = await here.house.cardea.base.database.read.run('select * from audit', [])
    const named = rows.map((row) => JSON.stringify(row)).filter((row) => row.includes('RotationLaggard'))
    assert.ok(named.some((row) => row.includes('lagging')))
  })

  it('to a single credential that is disabled then is put back once it is enabled again', async () => {
    await using open = await withFarSide('single')
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 1 })
    await here.reaches('db', 'done')
    await here.rotate('db')
    await here.reaches('db', 'grace')
    const candidate = await currentValue(here)
    const version = await here.set('db', 'x:by hand')
    const enable = (enabled: boolean) =>
      here.ask('PATCH', `/secrets/db/${version}?api-version=7.4`, { attributes: { enabled } })
    assert.equal((await enable(false)).status, 200)
    // As a request does that comes late.
    far.accepted.set('x', candidate)
    await here.until('it says why it waits', async () =>
      /disabled or deleted/.test((await here.show('db')).rotation?.lastError ?? ''),
    )
    assert.equal((await enable(true)).status, 200)
    await here.reaches('db', 'done')
    assert.ok(far.accepts('x:by hand'))
  })

  it('to a single credential is put back after a candidate has displaced it', async () => {
    await using open = await withFarSide('single')
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    far.losesAnswers = true
    let goOn: () => void = () => {}
    far.holdsBack = new Promise((resolve) => {
      goOn = resolve
    })
    await here.rotate('db')
    await here.until('it was sent', () => far.heard.filter((heard) => heard === 'apply x').length >= 2)
    far.accepted.set('x', 'x:by hand')
    await here.set('db', 'x:by hand')
    await here.reaches('db', 'compensating')
    goOn()
    far.holdsBack = undefined
    await here.reaches('db', 'aborted')
    assert.equal(await currentValue(here), 'x:by hand')
    assert.ok(far.accepts('x:by hand'))
  })
})

describe('a worker that is held up', () => {
  it('past its lease is fenced out by whoever took over, and changes nothing', async () => {
    const hold = holding('verified')
    await using open = await withFarSide('slots', { rotation: { onStep: hold.onStep } })
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    const { base } = here.house.cardea
    const { database, clock } = base
    const parts = { base, vaults: new VaultBook(database), times: timesFrom(fastTimes), log: silentLog }
    hold.armed = true
    const { rotation } = await here.rotate('db')
    await hold.arrived
    // Only now: a second worker that is there from the start may be the first to claim it.
    const second = startWorker(rotator({ ...parts, providers: new Map([['fake', far.provider]]) }), {
      database,
      clock,
      log: silentLog,
      owner: 'second',
    })
    const done = await here.reaches('db', 'done')
    assert.equal(done.id, rotation?.id)
    const before = await database.read.run('select * from rotation order by id', [])
    hold.release()
    await wait(100)
    assert.deepEqual(await database.read.run('select * from rotation order by id', []), before)
    const { rows } = await database.read.run('select rotation from secret_version', [])
    assert.equal(rows.length, 2)
    assert.ok(far.accepts(await currentValue(here)))
    await second.close()
  })

  it('stops by its own clock before it sends, though nobody has fenced it out yet', async () => {
    const hold = holding('apply')
    await using open = await withFarSide('slots', { rotation: { onStep: hold.onStep } })
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    const sent = () => far.heard.filter((heard) => heard.startsWith('apply')).length
    hold.armed = true
    await here.rotate('db')
    await hold.arrived
    await wait((fastTimes.leaseMs as number) / 2 + 50)
    hold.release()
    await wait(100)
    assert.equal(sent(), 1)
    await here.reaches('db', 'done')
    assert.equal(sent(), 2)
  })
})

describe('a late request', () => {
  it('of an aborted rotation can’t overwrite the slot of the next one', async () => {
    await using open = await withFarSide('slots', { rotation: { times: { giveUpMs: 500, quarantineMs: 1_500 } } })
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    const late: (() => void)[] = []
    far.holdsBack = new Promise((resolve) => late.push(resolve))
    const { rotation } = await here.rotate('db')
    await here.reaches('db', 'compensating')
    // Asked again while it gives way: the answer is the one that is open.
    assert.equal((await here.rotate('db')).rotation?.id, rotation?.id)
    await wait(300)
    assert.equal((await here.show('db')).rotation?.state, 'compensating')
    for (const arrive of late) arrive()
    far.holdsBack = undefined
    await here.reaches('db', 'aborted')
    await here.rotate('db')
    await here.reaches('db', 'done')
    assert.ok(far.accepts(await currentValue(here)))
  })
})

describe('a secret that is disabled, deleted or purged', () => {
  it('isn’t rotated while it is disabled, and says so to who asks', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    const before = far.heard.length
    const version = await versionOf(here)
    await here.ask('PATCH', `/secrets/db/${version}?api-version=7.4`, { attributes: { enabled: false } })
    const heard = await here.ask('POST', '/.cardea/secrets/db/rotate')
    assert.equal(heard.status, 409)
    assert.match(heard.json.error.message, /disabled/)
    assert.equal(far.heard.length, before)
  })

  it('ends a rotation that isn’t published yet', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    far.up = false
    await here.rotate('db')
    await here.until('it tries', async () => (await here.show('db')).rotation?.lastError !== null)
    await here.ask('DELETE', '/secrets/db?api-version=7.4')
    const { lastError } = await here.reaches('db', 'aborted')
    assert.match(lastError ?? '', /disabled or deleted/)
    assert.equal((await here.ask('POST', '/.cardea/secrets/db/rotate')).status, 409)
    await here.ask('POST', '/deletedsecrets/db/recover?api-version=7.4')
    assert.equal(await currentValue(here), old)
    far.up = true
    await here.rotate('db')
    await here.reaches('db', 'done')
  })

  it('lets a rotation that is published go on to its end', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 1 })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    await here.rotate('db')
    await here.reaches('db', 'grace')
    await here.ask('DELETE', '/secrets/db?api-version=7.4')
    await here.reaches('db', 'done')
    assert.ok(!far.accepts(old))
  })

  it('loses its binding with its purge, so that a new secret of the name is left alone', async () => {
    let ahead = 0
    await using open = await withFarSide('slots', { clock: () => Date.now() + ahead })
    const { here } = open
    await here.bind('db', { ...fake, intervalSeconds: 3600 })
    await here.reaches('db', 'done')
    await here.ask('DELETE', '/secrets/db?api-version=7.4')
    await here.ask('DELETE', '/deletedsecrets/db?api-version=7.4')
    ahead = 3_600_000
    await here.set('other', 'x')
    await here.until('it is gone', async () => (await here.ask('GET', '/.cardea/secrets/db/rotation')).status === 404)
    assert.equal((await here.get('db')).status, 404)
  })
})

describe('grace', () => {
  it('ends as soon as every live consumer runs on the new version (P5)', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 3600 })
    await here.reaches('db', 'done')
    const [old, oldVersion] = [await currentValue(here), await versionOf(here)]
    await here.report('one', { db: oldVersion })
    await here.report('two', { db: oldVersion })
    await here.rotate('db')
    await here.reaches('db', 'grace')
    const version = await versionOf(here)
    await here.report('one', { db: version })
    await wait(150)
    const view = await here.show('db')
    assert.equal(view.rotation?.state, 'grace')
    assert.deepEqual(
      view.consumers.map((consumer) => [consumer.instance, consumer.version === version]),
      [
        ['one', true],
        ['two', false],
      ],
    )
    assert.ok(far.accepts(old))
    const since = performance.now()
    await here.report('two', { db: version })
    await here.reaches('db', 'done')
    assert.ok(performance.now() - since < 500)
    assert.ok(!far.accepts(old))
  })

  it('ends when the last laggard falls silent', async () => {
    await using open = await withFarSide('slots', { rotation: { times: { silentMs: 700 } } })
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 3600 })
    await here.reaches('db', 'done')
    const [old, oldVersion] = [await currentValue(here), await versionOf(here)]
    await here.report('dying', { db: oldVersion })
    await here.rotate('db')
    await here.reaches('db', 'grace')
    const version = await versionOf(here)
    await here.report('living', { db: version })
    assert.ok(far.accepts(old))
    const timer = setInterval(() => void here.report('living', { db: version }), 100)
    await here.reaches('db', 'done')
    clearInterval(timer)
    assert.ok(!far.accepts(old))
  })

  it('waits to its deadline where nobody says what they run on', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 1 })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    await here.rotate('db')
    const { published, graceUntil } = await here.reaches('db', 'grace')
    assert.equal((graceUntil ?? 0) - (published ?? 0), 1)
    await wait(300)
    assert.ok(far.accepts(old))
    await here.reaches('db', 'done')
    assert.ok(!far.accepts(old))
  })

  it('ends at its deadline all the same, and names who lags (P5)', async () => {
    const said: string[] = []
    const log = pino({ level: 'warn' }, { write: (line: string) => void said.push(line) })
    await using open = await withFarSide('slots', { log })
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 1 })
    await here.reaches('db', 'done')
    const [old, oldVersion] = [await currentValue(here), await versionOf(here)]
    await here.report('slow-1', { db: oldVersion }, 'billing')
    await here.rotate('db')
    await here.reaches('db', 'grace')
    await here.report('slow-1', { db: oldVersion }, 'billing')
    await here.reaches('db', 'done')
    assert.ok(!far.accepts(old))
    assert.ok(said.some((line) => line.includes('slow-1') && line.includes('billing')))
    const { rows } = await here.house.cardea.base.database.read.run(
      `select agent from audit where operation = 'RotationLaggard'`,
      [],
    )
    assert.deepEqual(
      rows,
      [{ agent: 'billing slow-1' }].map((row) => Object.assign(Object.create(null), row)),
    )
  })

  it('protects a consumer who hasn’t followed a human’s write from having its slot changed', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 2 })
    await here.reaches('db', 'done')
    const [first, firstVersion] = [await currentValue(here), await versionOf(here)]
    await here.report('one', { db: firstVersion })
    await here.set('db', 'by hand')
    await here.rotate('db')
    await here.reaches('db', 'done')
    // The human's value is of no slot, so either could be taken; the one in use isn't.
    assert.equal((await here.get('db')).json.tags.CredentialId, 'b')
    assert.ok(far.accepts(first))
  })
})

describe('a value that no far side has to hear of', () => {
  it('is simply made anew', async () => {
    await using here = await openRotating()
    await here.bind('session-key', {
      provider: 'random',
      binding: { length: 40, prefix: 'sk_' },
      intervalSeconds: null,
    })
    await here.reaches('session-key', 'done')
    const first = await currentValue(here, 'session-key')
    assert.match(first, /^sk_[A-Za-z0-9]{40}$/)
    await here.rotate('session-key')
    await here.reaches('session-key', 'done')
    assert.notEqual(await currentValue(here, 'session-key'), first)
    assert.equal(randomValue.kind, 'single')
  })
})
