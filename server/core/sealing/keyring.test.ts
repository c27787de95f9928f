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

it('a key that was made in a turn which failed is forgotten with it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cardea-keyring-'))
  const database = openSqlite(join(folder, 'cardea.db'), { clock: Date.now, ledger: async () => () => {} })
  try {
    await migrate(database, new URL('../../migrations/', import.meta.url))
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
  } finally {
    await database[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
})
