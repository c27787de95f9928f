import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { silentLog } from '#base/log.ts'
import { timesFrom } from '#core/rotation/policy.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import { rotator } from '#workers/rotator.ts'
import { startWorker } from '#workers/worker.ts'
import { fastTimes } from '../../testing/rotating.ts'
import { currentValue, fake, holding, versionOf, withFarSide } from '../../testing/with-far-side.ts'

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
    try {
      const done = await here.reaches('db', 'done')
      assert.equal(done.id, rotation?.id)
      const before = await database.read.run('select * from rotation order by id', [])
      hold.release()
      await wait(100)
      assert.deepEqual(await database.read.run('select * from rotation order by id', []), before)
      const { rows } = await database.read.run('select rotation from secret_version', [])
      assert.equal(rows.length, 2)
      assert.ok(far.accepts(await currentValue(here)))
    } finally {
      await second.close()
    }
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

  it('sees the consumers of a slot though the clock of its node is ahead of the database’s (P5)', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    const { base } = here.house.cardea
    Object.assign(base, { clock: () => Date.now() + 120_000 })
    await here.bind('db', { ...fake, graceSeconds: 3600 })
    await here.reaches('db', 'done')
    const [first, firstVersion] = [await currentValue(here), await versionOf(here)]
    await here.report('one', { db: firstVersion })
    // The human's value is of no slot, so either could be taken; the one in use isn't.
    await here.set('db', 'by hand')
    await here.rotate('db')
    await here.reaches('db', 'grace', 'done')
    assert.ok(far.accepts(first))
    assert.equal((await here.get('db')).json.tags.CredentialId, 'b')
  })
})
