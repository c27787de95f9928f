import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type House, openHouse } from '../../testing/house.ts'

const ready = async (house: House) => (await house.ask(house.vaultHost, 'GET', '/.cardea/ready')).status

describe('readiness', () => {
  it('is found out once for all who ask at the same time', async (test) => {
    await using house = await openHouse()
    const check = test.mock.method(house.cardea.base.database, 'check')
    const heard = await Promise.all(Array.from({ length: 50 }, () => ready(house)))
    assert.deepEqual(new Set(heard), new Set([200]))
    assert.equal(check.mock.callCount(), 1)
  })

  it('is denied when nothing can be written', async () => {
    await using house = await openHouse()
    const stuck = "create trigger stuck before update on head begin select raise(abort, 'stuck'); end"
    await house.cardea.base.database.write(({ sql }) => sql.run(stuck, []))
    assert.equal(await ready(house), 503)
  })

  it('is denied when nothing can be read', async (test) => {
    await using house = await openHouse()
    test.mock.method(house.cardea.base.database.read, 'run', () => Promise.reject(new Error('gone')))
    assert.equal(await ready(house), 503)
  })
})
