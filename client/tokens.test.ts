import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tokensOf } from './tokens.ts'

describe('tokens at hand', () => {
  it('are kept, asked for and forgotten for each tenant apart', async () => {
    let asked = 0
    const tokens = tokensOf({
      async getToken(scope, options) {
        asked += 1
        const { tenantId = 'own' } = options ?? {}
        return { token: `${tenantId} ${scope} ${asked}`, expiresOnTimestamp: Date.now() + 3_600_000 }
      },
    })
    const get = async (tenantId?: string) => (await tokens.get('vault', tenantId)).token
    const all = () => Promise.all([get('one'), get('other'), get(), get('one')])
    const first = await all()
    assert.deepEqual(first, ['one vault 1', 'other vault 2', 'own vault 3', 'one vault 1'])
    assert.deepEqual(await all(), first)
    tokens.forget('vault', 'one vault 1')
    tokens.forget('vault', 'one vault 1', 'other')
    assert.deepEqual(await all(), first)
    tokens.forget('vault', 'one vault 1', 'one')
    assert.deepEqual(await all(), ['one vault 4', 'other vault 2', 'own vault 3', 'one vault 4'])
  })
})
