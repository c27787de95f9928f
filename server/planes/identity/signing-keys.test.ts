import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { decodeProtectedHeader } from 'jose'
import { newKeyPair, rotateSigningKey } from '#core/identity/tokens.ts'
import { openHouse } from '../../testing/house.ts'

let now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())

describe('signing keys', () => {
  it('rotate with overlap: a new one is shown before it signs, and old tokens live on', async () => {
    const { base } = house.cardea
    const before = await house.developerToken()
    const pair = await newKeyPair()
    await base.database.write((turn) => rotateSigningKey(turn, base.keyring, pair))
    const list = `/${house.cardea.installation.tenant}/discovery/v2.0/keys`
    assert.equal((await house.ask(house.loginHost, 'GET', list)).json.keys.length, 2)
    const sameDay = await house.developerToken()
    assert.equal(decodeProtectedHeader(sameDay).kid, decodeProtectedHeader(before).kid)
    now += 86_400_000 + 1000
    const nextDay = await house.developerToken()
    assert.notEqual(decodeProtectedHeader(nextDay).kid, decodeProtectedHeader(before).kid)
    const get = (token: string) => house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token })
    assert.equal((await get(nextDay)).status, 200)
    now -= 86_400_000 + 1000
    assert.equal((await get(before)).status, 200)
  })

  it('sign nothing that nobody would verify, though the clock leaps over all of them or falls back before the first', async () => {
    let ahead = 0
    // It goes on while a key is made, as clocks do.
    await using leaping = await openHouse({ clock: () => Date.now() + ahead })
    const works = async (): Promise<void> => {
      // At the same moment, before the worker that makes keys has woken; one new key is enough for all.
      const tokens = await Promise.all(Array.from({ length: 5 }, () => leaping.developerToken()))
      assert.equal(new Set(tokens.map((token) => decodeProtectedHeader(token).kid)).size, 1)
      for (const token of tokens)
        assert.equal((await leaping.ask(leaping.vaultHost, 'GET', '/secrets?api-version=7.4', { token })).status, 200)
    }
    for (const days of [40, 32, -71]) {
      ahead += days * 86_400_000
      await works()
    }
  })
})
