import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openHouse } from '../../testing/house.ts'
import { versionsOf } from './state.ts'

it('all versions of a secret are found, however many there are, and none of another secret or of a deleted one', async () => {
  await using house = await openHouse()
  const token = await house.developerToken()
  const ask = (method: string, name: string, body?: object) =>
    house.ask(house.vaultHost, method, `/secrets/${name}?api-version=7.4`, { token, body })
  for (const name of ['often', 'other', 'gone']) assert.equal((await ask('PUT', name, { value: name })).status, 200)
  const { database } = house.cardea.base
  const more = 10_500
  await database.write(({ sql }) =>
    sql.run(
      `insert into secret_version (vault, name_key, version, sealed, tags, enabled, created, updated)
       select vault, name_key, substr(version, 1, 27) || (10000 + value), sealed, tags, enabled, created, updated
       from secret_version, json_each('[${Array.from({ length: more }, (_, number) => number).join()}]')
       where name_key = 'often'`,
      [],
    ),
  )
  assert.equal((await ask('DELETE', 'gone')).status, 200)
  const found = await versionsOf(database.read, 'demo', 'Often')
  assert.equal(new Set(found).size, more + 1)
  assert.equal(found.length, more + 1)
  assert.equal((await versionsOf(database.read, 'demo', 'other')).length, 1)
  assert.deepEqual(await versionsOf(database.read, 'demo', 'gone'), [])
})
