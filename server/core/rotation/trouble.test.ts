import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { builtInRoles } from '@cardea/contract/roles'
import type { Kind } from '@cardea/contract/rotation/provider'
import { principalByApp } from '#core/identity/directory.ts'
import { rotationAppId } from '#core/identity/principal.ts'
import { FakeFarSide } from '#core/rotation/testing/far-side.ts'
import { openRotating } from '../../testing/rotating.ts'
import { currentValue, fake, holding, versionOf, withFarSide } from '../../testing/with-far-side.ts'

describe('a rotation in trouble', () => {
  it('goes on with the same candidate when an answer is lost (P4)', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    far.losesAnswers = true
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    assert.deepEqual([...far.values], [await currentValue(here)])
  })

  it('isn’t over while a request may be under way whose answer was lost, though a later one was answered', async () => {
    const far = new FakeFarSide('set')
    let lost: { readonly value: string; at?: number } | undefined
    const retire: typeof far.provider.retire = async (credential, side) => {
      await far.provider.retire(credential, side)
      if (credential.value !== lost?.value || lost.at !== undefined) return
      lost.at = Date.now()
      throw new Error('The connection was lost.')
    }
    const providers = new Map([['fake', { ...far.provider, retire }]])
    const quarantineMs = 3_000
    await using here = await openRotating({ rotation: { providers, times: { quarantineMs } } })
    await here.bind('db', { ...fake, graceSeconds: 1 })
    await here.reaches('db', 'done')
    lost = { value: await currentValue(here) }
    await here.rotate('db')
    await here.reaches('db', 'grace')
    // With it there are two to take away: what it replaced, and what this rotation made.
    far.accepted.set('by hand', 'by hand')
    await here.set('db', 'by hand')
    await here.reaches('db', 'done')
    assert.deepEqual([...far.accepted.keys()], ['by hand'])
    const { rows } = await here.house.cardea.base.database.read.run(
      'select quiet_until from rotation order by started desc',
      [],
    )
    const [last] = rows as { readonly quiet_until: number }[]
    assert.ok(Number(last?.quiet_until) > (lost.at ?? Number.POSITIVE_INFINITY) + quarantineMs / 2)
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

  it('is late with a far side that answers too slowly, says so, and publishes what came of it once', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    far.slowMs = 400
    await here.rotate('db')
    await here.until('it says so', async () =>
      /did not answer in time/.test((await here.show('db')).rotation?.lastError ?? ''),
    )
    far.slowMs = 0
    await here.reaches('db', 'done')
    assert.deepEqual([...far.accepted.values()], [await currentValue(here)])
  })

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
    const { database, keyring } = here.house.cardea.base
    far.adminPassword = 'right'
    await here.set('admin', 'right')
    const engine = await principalByApp(database.read, keyring, rotationAppId)
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
