import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openHouse } from '@cardea/server/testing/house'
import { asGrid, openWebHook, reaching } from '@cardea/server/testing/receiver'
import { needs } from '@cardea/tools/servers/require'
import { findPythonSdk, seenBy } from './client.ts'

const found = needs('Debian’s Python with Azure’s SDK', findPythonSdk)

it('Azure’s management client for Event Grid makes, shows, changes, lists and deletes event subscriptions', {
  skip: found.skip,
}, async () => {
  await using hook = await openWebHook((heard, count) =>
    count > 1 ? { status: 200, body: { validationResponse: 'wrong' } } : asGrid(heard),
  )
  await using house = await openHouse(reaching(hook))
  const { subscription } = house.cardea.installation
  const vault = `/subscriptions/${subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
  const seen = await seenBy('event-subscriptions.py', house.env, [subscription, vault, hook.url])
  assert.match(String(seen.wrong), /another code/)
  assert.deepEqual(
    { ...seen, wrong: '' },
    {
      made: [
        'rotate',
        'Microsoft.EventGrid/eventSubscriptions',
        vault,
        'Succeeded',
        ['Microsoft.KeyVault.SecretNearExpiry'],
      ],
      terms: [5, 60, ['d', 'e'], 'EventGridSchema'],
      shown: [null, hook.url.replace(/\?.*/, ''), null],
      url: hook.url,
      secret: 'h1dden',
      changed: ['orders', 'Succeeded'],
      still: hook.url,
      listed: ['rotate'],
      everywhere: ['rotate'],
      inGroup: ['rotate'],
      wrong: '',
      gone: 404,
    },
  )
})
