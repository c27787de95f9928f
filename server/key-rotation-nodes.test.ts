import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { openNodes } from './testing/nodes.ts'
import { heldUpKeys, rotatingKeysIn, until } from './testing/rotating-keys.ts'

const postgres = needs('PostgreSQL', findPostgres)
const day = 86_400_000

it('two nodes on one PostgreSQL give each key that is due one version, also when one of them stops in the middle', {
  skip: postgres.skip,
}, async () => {
  await using database = await startPostgres()
  let ahead = 0
  const clock = () => Date.now() + ahead
  const door = heldUpKeys()
  {
    await using nodes = await openNodes(database.url(), { clock, custodians: { software: door } })
    const [one, two] = await Promise.all(
      [nodes.one, nodes.two].map((house) =>
        rotatingKeysIn(house, clock, (moment) => {
          ahead = moment - Date.now()
        }),
      ),
    )
    assert.ok(one !== undefined && two !== undefined)
    const names = Array.from({ length: 12 }, (_, index) => `k${index}`)
    for (const [index, name] of names.entries()) {
      const node = index % 2 === 0 ? one : two
      await node.create(name)
      await node.policy(name, { rotate: { timeAfterCreate: 'P10D' }, expiryTime: 'P1Y' })
    }
    // Whoever makes the first two never comes to an end of it, as if it had been killed.
    const stop = Promise.withResolvers<void>()
    let begun = 0
    door.before = async () => {
      begun += 1
      if (begun <= 2) await stop.promise
    }
    await one.leapTo(clock() + 10 * day + 60_000)
    await until('all others are made', async () => begun >= names.length)
    await one.leapTo(clock() + 5 * 60_000)
    await two.leapTo(clock())
    for (const name of names) await two.reaches(name, 2)
    stop.resolve()
    await wait(200)
    for (const name of names) assert.equal((await one.versions(name)).length, 2)
    await one.rests()
    // Two at once on two nodes: each has its own.
    const both = await Promise.all([one, two].map((node) => node.done('POST', '/keys/k0/rotate')))
    assert.notEqual(both[0].key.kid, both[1].key.kid)
    assert.equal((await one.versions('k0')).length, 4)
  }
  await door.close()
})
