import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { openHouse } from '@cardea/server/testing/house'
import { seenBy } from './client.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())

describe('Azure’s management client for authorization', () => {
  it('finds, makes and takes away role definitions and role assignments', async () => {
    const { principal } = await house.newcomer('an application')
    const seen = await seenBy('authorization.ts', {
      ...house.env,
      MANAGEMENT: (house.env.AZURE_AUTHORITY_HOST as string).replace('//login.', '//management.'),
      SUBSCRIPTION: house.cardea.installation.subscription,
      PRINCIPAL: principal.objectId,
    })
    assert.deepEqual(seen, { done: true })
  })
})
