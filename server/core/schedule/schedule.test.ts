import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openHouse } from '../../testing/house.ts'
import { claimDue, FencedOut, hold, type Lease, scheduleNow, settle, whileHeld } from './schedule.ts'

describe('a lease', () => {
  const claimed = async (forMs: number) => {
    await using opening = new AsyncDisposableStack()
    const { database } = opening.use(await openHouse()).cardea.base
    await database.write((turn) => scheduleNow(turn, 'long', 'work'))
    const claim = (owner: string) => claimDue(database, owner, ['long'], 1, forMs)
    const lease = (await claim('one'))[0] as Lease
    const open = opening.move()
    return { database, claim, lease, [Symbol.asyncDispose]: () => open.disposeAsync() }
  }

  it('lasts for as long as the work that is done under it, and is its holder’s to give back', async () => {
    await using open = await claimed(900)
    const { database, claim, lease } = open
    const worked = whileHeld(database, lease, () => wait(2_500, 'done'), 900)
    await wait(1_800)
    assert.deepEqual(await claim('other'), [])
    assert.equal(await worked, 'done')
    await database.write(async (turn) => settle(turn, lease, turn.at))
    assert.equal((await claim('other')).length, 1)
  })

  it('that somebody else has taken over is not taken back', async () => {
    await using open = await claimed(50)
    const { database, claim, lease } = open
    await wait(100)
    const [theirs] = await claim('other')
    assert.ok(theirs)
    assert.equal(await whileHeld(database, lease, () => wait(200, 'done'), 60), 'done')
    await assert.rejects(
      database.write((turn) => hold(turn, lease)),
      FencedOut,
    )
  })

  it('ends with work that fails', async () => {
    await using open = await claimed(150)
    const { database, claim, lease } = open
    const fails = async () => {
      await wait(200)
      throw new Error('in vain')
    }
    await assert.rejects(whileHeld(database, lease, fails, 150), /in vain/)
    await wait(300)
    assert.equal((await claim('other')).length, 1)
  })
})
