import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startServices } from '@cardea/providers/testing/services'
import { openHouse } from '@cardea/server/testing/house'
import { asGrid, openWebHook, reaching } from '@cardea/server/testing/receiver'
import { seenBy } from './client.ts'

const day = 86_400_000
const until = async (so: () => boolean | Promise<boolean>) => {
  const since = performance.now()
  while (!(await so())) {
    if (performance.now() - since > 40_000) throw new Error('it never came')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

it('a rotation function that was written for Azure rotates a secret by events alone, each time before its end', async () => {
  let ahead = 0
  const clock = () => Date.now() + ahead
  await using services = await startServices()
  const { clientId: client_id, clientSecret: client_secret } = services.administrator
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret })
  const signedIn = await fetch(`${services.origin}/token`, { method: 'POST', body: form })
  const { access_token: token } = (await signedIn.json()) as { access_token: string }

  const ran: unknown[] = []
  let env: Record<string, string> = {}
  // What a function's host does: it answers the handshake, and starts the function with each event.
  await using host = await openWebHook(async (heard) => {
    if (heard.headers['aeg-event-type'] !== 'Notification') return asGrid(heard)
    for (const event of JSON.parse(heard.body)) {
      ran.push(await seenBy('rotation-function.js', env, [JSON.stringify([event, token]), String(clock())]))
    }
    return { status: 200 }
  })
  const way = reaching(host)
  await using house = await openHouse({ ...way, clock })
  env = house.env
  const management = 'management.cardea.internal'
  const vault = `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
  const subscription = `${vault}/providers/Microsoft.EventGrid/eventSubscriptions/rotate?api-version=2022-06-15`
  const manager = await house.developerToken(`https://${management}`)
  const put = await house.ask(management, 'PUT', subscription, {
    token: manager,
    body: {
      properties: {
        destination: { endpointType: 'WebHook', properties: { endpointUrl: host.url, maxEventsPerBatch: 1 } },
        filter: {
          includedEventTypes: ['Microsoft.KeyVault.SecretNearExpiry'],
          subjectBeginsWith: 'storage-key',
          subjectEndsWith: 'storage-key',
        },
      },
    },
  })
  assert.equal(put.status, 201, put.text)
  const state = async () =>
    (await house.ask(management, 'GET', subscription, { token: manager })).json.properties.provisioningState
  await until(async () => (await state()) === 'Succeeded')

  const shown = async () =>
    house.ask(house.vaultHost, 'GET', '/secrets/storage-key?api-version=7.4', { token: await house.developerToken() })
  await house.ask(house.vaultHost, 'PUT', '/secrets/storage-key?api-version=7.4', {
    token: await house.developerToken(),
    body: {
      value: services.keys.get('key1'),
      attributes: { exp: Math.floor((clock() + 20 * day) / 1000) },
      tags: { CredentialId: 'key1', ProviderAddress: `${services.origin}/account`, ValidityPeriodDays: '60' },
    },
  })
  await until(() => ran.length === 1)
  const first = (await shown()).json
  assert.equal(first.value, services.keys.get('key2'))
  assert.equal(first.tags.CredentialId, 'key2')

  // Thirty days before the end of the version that it has set, it is started again.
  ahead = 31 * day
  await house.cardea.base.database.write(async (turn) => turn.stir())
  await until(() => ran.length === 2)
  const second = (await shown()).json
  assert.equal(second.value, services.keys.get('key1'))
  assert.notEqual(second.value, first.value)
  assert.equal(services.keys.get('key2'), first.value)
  assert.deepEqual(
    ran.map((one) => (one as { credential: string }).credential),
    ['key2', 'key1'],
  )
})
