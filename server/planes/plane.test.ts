import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { createUser } from '@cardea/contract/directory/users'
import { builtInRoles } from '@cardea/contract/roles'
import { Fault } from '#base/fault.ts'
import { inside } from '#core/audit/entry.ts'
import { type Newcomer, openHouse } from '../testing/house.ts'
import { newUser } from './directory/testing/graph.ts'
import { type Call, type PlaneWords, route } from './plane.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())

const words: PlaneWords<string> = {
  identify: () => Promise.reject(new Error('nobody is asked')),
  resource: () => '/directory',
  versions: undefined,
  unknownVersion: () => new Fault('invalid', 'no version'),
  say: (_call, _subject, status, result) => ({ status, headers: {}, body: JSON.stringify(result) }),
  refuse: (_call, { code }) => ({ status: 400, headers: {}, body: code }),
}
const call: Call = {
  method: 'POST',
  target: '/v1.0/users',
  host: 'graph.cardea.internal',
  name: '',
  params: {},
  query: {},
  headers: {},
  body: Buffer.from(JSON.stringify(newUser('prepared'))),
  circumstances: inside,
  requestId: '',
  began: 0,
}
const answer = (who: Newcomer, prepare: () => Promise<string>) => {
  const handler = {
    resource: () => '/directory/users',
    prepare,
    run: async (_: unknown, { prepared }: { prepared: Promise<string> | undefined }) => prepared,
  }
  const { objectId, appId } = who.principal
  return route<'users/create', unknown, unknown, unknown, 'write', string, string>(createUser, handler).answer(
    house.cardea.base,
    words,
    call,
    { caller: { objectId, appId }, subject: 'tenant' },
  )
}

describe('what is prepared for an act', () => {
  it('is prepared once, and while others write: the writer doesn’t wait for it', async () => {
    const administrator = await house.newcomer('administrator of people')
    await house.assign(administrator.principal, builtInRoles.userAdministrator, '/')
    let times = 0
    const heard = await answer(administrator, async () => {
      times += 1
      // Inside a turn this would wait for its own end.
      return house.cardea.base.database.write(async () => 'written beside it')
    })
    assert.deepEqual([heard.body, times], ['"written beside it"', 1])
  })

  it('is not prepared for who may not act', async () => {
    const stranger = await house.newcomer('stranger')
    let times = 0
    const prepare = async () => {
      times += 1
      return ''
    }
    await assert.rejects(answer(stranger, prepare), { code: 'forbidden' })
    assert.equal(times, 0)
  })

  it('that can’t be is the act’s own failure, and stands in the journal', async () => {
    const administrator = await house.newcomer('administrator who errs')
    await house.assign(administrator.principal, builtInRoles.userAdministrator, '/')
    const prepare = async () => {
      throw new Fault('invalid', 'The password is too short.')
    }
    await assert.rejects(answer(administrator, prepare), { message: 'The password is too short.' })
    const mine = (await house.deeds()).filter(({ caller }) => caller === administrator.principal.objectId)
    assert.deepEqual([mine.at(-1)?.operation, mine.at(-1)?.outcome], ['UserCreate', 'invalid'])
  })
})
