import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Sql } from '#base/sql.ts'
import { openHouse } from '../../testing/house.ts'
import { DueBoard } from './due-board.ts'
import { claimDue, scheduleAt } from './schedule.ts'

describe('the board of what is due', () => {
  it('says of each kind when its next is due and free, or its lease is over', async () => {
    let now = Date.parse('2026-03-01')
    await using house = await openHouse({ clock: () => now })
    const { database } = house.cardea.base
    const board = new DueBoard(database.read)
    assert.equal(await board.next('board-a'), undefined)
    await database.write(async (turn) => {
      await scheduleAt(turn, 'board-a', 'later', now + 500)
      await scheduleAt(turn, 'board-a', 'sooner', now + 100)
      await scheduleAt(turn, 'board-b', 'only', now + 300)
    })
    assert.deepEqual(await Promise.all(['board-a', 'board-b', 'board-c'].map((kind) => board.next(kind))), [
      now + 100,
      now + 300,
      undefined,
    ])
    now += 300
    assert.equal((await claimDue(database, 'one', ['board-a', 'board-b'], 9, 1_000)).length, 2)
    // What is held is free again when the lease ends; what nobody holds is there before.
    assert.deepEqual(await Promise.all(['board-a', 'board-b'].map((kind) => board.next(kind))), [
      now + 200,
      now + 1_000,
    ])
  })

  it('is read once for all who ask at the same moment, and anew for whoever asks after that', async () => {
    await using house = await openHouse()
    const { read } = house.cardea.base.database
    let looks = 0
    const counted: Sql = {
      engine: read.engine,
      run(...given) {
        looks += 1
        return read.run(...given)
      },
    }
    const board = new DueBoard(counted)
    const kinds = Array.from({ length: 17 }, (_, index) => `kind-${index}`)
    await Promise.all(kinds.map((kind) => board.next(kind)))
    assert.equal(looks, 1)
    await Promise.all(kinds.map((kind) => board.next(kind)))
    assert.equal(looks, 2)
  })
})
