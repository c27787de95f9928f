import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { inside } from '#core/audit/entry.ts'
import { openHouse } from '../testing/house.ts'
import { observe } from './perform.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const { subscription } = house.cardea.installation
const vault = `/subscriptions/${subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
const { principal: caller } = await house.newcomer('reader')
await house.assign(caller, builtInRoles.keyVaultSecretsUser, vault)

/** A reading of a secret, decided as often as access changes meanwhile. */
const reading = async (correlation: string, look: (round: number) => string | undefined, changes: number) => {
  const { base } = house.cardea
  let round = 0
  return observe(
    base,
    {
      action: 'secrets/get',
      resource: `${vault}/secrets/x`,
      caller,
      operation: 'SecretGet',
      circumstances: { ...inside, correlation },
    },
    async ({ meet }) => {
      const met = look(round)
      if (met !== undefined) meet(met)
      round += 1
      if (round <= changes) await base.database.write(async (turn) => turn.changeAccess())
      return round
    },
  )
}
const entries = async (number: string) =>
  (await house.deeds())
    .filter(({ correlation }) => correlation === number)
    .map(({ resource, outcome }) => [resource.split('/').slice(-2).join('/'), outcome])

describe('a reading while access changes', () => {
  it('is decided anew, and its entry names what was met by the decision that held', async () => {
    assert.equal(await reading('twice', (round) => (round === 0 ? 'old' : undefined), 1), 2)
    assert.deepEqual(await entries('twice'), [['secrets/x', 'done']])
  })

  it('is put off when that never ends, with an entry', async () => {
    await assert.rejects(
      reading('never', () => undefined, Number.POSITIVE_INFINITY),
      { code: 'throttled', particulars: { retryMs: '1000' } },
    )
    assert.deepEqual(await entries('never'), [['secrets/x', 'throttled']])
  })
})
