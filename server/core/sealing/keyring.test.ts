import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { migrate } from '#base/migrations.ts'
import { keyFrom } from '#base/seal.ts'
import { openSqlite } from '#base/sqlite.ts'
import { Keyring } from './keyring.ts'

async function opened() {
  const folder = await mkdtemp(join(tmpdir(), 'cardea-keyring-'))
  const database = openSqlite(join(folder, 'cardea.db'), { clock: Date.now, ledger: async () => () => {} })
  await migrate(database, new URL('../../migrations/', import.meta.url))
  return {
    database,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

it('a key that was made in a turn which failed is forgotten with it', async () => {
  await using house = await opened()
  const { database } = house
  const root = keyFrom(randomBytes(32))
  const keyring = new Keyring(root)
  const founding = (then: () => void) =>
    database.write(async (turn) => {
      await keyring.create(turn, 'vault/demo')
      const sealed = await keyring.seal(turn.sql, 'vault/demo', 'value', 'place')
      then()
      return sealed
    })
  const stopped = founding(() => {
    throw new Error('stop')
  })
  await assert.rejects(stopped, /stop/)
  const sealed = await founding(() => {})
  for (const one of [keyring, new Keyring(root)]) {
    assert.equal(await one.unseal(database.read, 'vault/demo', sealed, 'place'), 'value')
  }
})

it('a key is opened once, also where it was made, as soon as the turn of its making is over', async () => {
  await using house = await opened()
  const { database } = house
  const keyring = new Keyring(keyFrom(randomBytes(32)))
  const sealing = () => database.write(({ sql }) => keyring.seal(sql, 'vault/demo', 'value', 'place'))
  await database.write((turn) => keyring.create(turn, 'vault/demo'))
  await sealing()
  // Whoever still asks the database for it finds none.
  await database.write(({ sql }) => sql.run('delete from sealing_key', []))
  await sealing()
})
