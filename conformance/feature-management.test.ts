import { it } from 'node:test'
import { openHouse } from '@cardea/server/testing/house'
import { seenBy } from './client.ts'

it('Microsoft’s feature management decides over Azure’s provider: time windows, targeting, percentages, variants, telemetry', async () => {
  await using house = await openHouse()
  await seenBy('flags.ts', house.env)
})
