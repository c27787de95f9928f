import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { managerOf, vaultPath } from './planes/management/testing/manager.ts'
import { openHouse } from './testing/house.ts'
import { asCloud, asGrid, type HeardThere, openWebHook, reaching } from './testing/receiver.ts'
import { at, body, left, secret, state, subscribe, until, vault, wake } from './testing/subscribing.ts'

const day = 86_400_000

describe('an event subscription', () => {
  it('asks its address whether it wants events, then carries what happens in Event Grid’s own schema', async () => {
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    assert.equal(await subscribe(manager, hook), 'Succeeded')
    const [asked] = hook.heard as [HeardThere]
    assert.equal(asked.headers['aeg-event-type'], 'SubscriptionValidation')
    const [question] = JSON.parse(asked.body)
    assert.equal(question.eventType, 'Microsoft.EventGrid.SubscriptionValidationEvent')
    assert.match(
      question.data.validationUrl,
      /^https:\/\/management\.cardea\.internal\/\.cardea\/event-subscriptions\//,
    )

    const { json } = await secret(house, 'PUT', 'Orders', {
      value: 'never-in-an-event',
      attributes: { exp: 4_000_000_000 },
    })
    await until(() => hook.events().length === 1)
    const { headers, body: text } = hook.heard.at(-1) as HeardThere
    const [event] = JSON.parse(text)
    const topic = `/subscriptions/${manager.subscription}${vault}`
    assert.deepEqual(
      { ...event, id: '', eventTime: '' },
      {
        ...{ id: '', eventTime: '', topic, subject: 'Orders' },
        eventType: 'Microsoft.KeyVault.SecretNewVersionCreated',
        data: {
          ...{ Id: json.id, VaultName: 'demo', ObjectType: 'Secret', ObjectName: 'Orders' },
          ...{ Version: json.id.split('/').at(-1), NBF: null, EXP: 4_000_000_000 },
        },
        ...{ dataVersion: '1', metadataVersion: '1' },
      },
    )
    assert.match(event.id, /^[0-9a-f-]{36}$/)
    assert.match(event.eventTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/)
    assert.equal(headers['content-type'], 'application/json; charset=utf-8')
    assert.deepEqual(
      ['aeg-event-type', 'aeg-subscription-name', 'aeg-delivery-count', 'aeg-data-version'].map(
        (name) => headers[name],
      ),
      ['Notification', 'LISTENER', '0', '1'],
    )
    assert.doesNotMatch(text, /never-in-an-event/)
    const full = await manager.ask('POST', `${at(vault)}/getFullUrl`)
    assert.equal(full.json.endpointUrl, hook.url)
    const signed = createHmac('sha256', full.json.signingKey).update(
      `${event.id}.${headers['webhook-timestamp']}.${text}`,
    )
    assert.equal(headers['webhook-signature'], `v1,${signed.digest('base64')}`)
    await until(async () => (await left(house)).length === 0)
  })

  it('speaks CloudEvents to who wants them, one by one, after asking by OPTIONS', async () => {
    await using hook = await openWebHook(asCloud)
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    assert.equal(await subscribe(manager, hook, { eventDeliverySchema: 'CloudEventSchemaV1_0' }), 'Succeeded')
    const [asked] = hook.heard as [HeardThere]
    assert.deepEqual([asked.method, asked.headers['webhook-request-origin']], ['OPTIONS', 'management.cardea.internal'])
    await secret(house, 'PUT', 'x', { value: 'v' })
    await until(() => hook.events().length === 1)
    const { headers, body: text } = hook.heard.at(-1) as HeardThere
    assert.equal(headers['content-type'], 'application/cloudevents+json; charset=utf-8')
    const { specversion, type, subject, source } = JSON.parse(text)
    assert.deepEqual(
      { specversion, type, subject, source },
      {
        ...{ specversion: '1.0', type: 'Microsoft.KeyVault.SecretNewVersionCreated', subject: 'x' },
        source: `/subscriptions/${manager.subscription}${vault}`,
      },
    )
  })

  it('goes to nobody who doesn’t want it', async () => {
    const answers = [
      { status: 200, body: { validationResponse: 'another' } },
      { status: 202, body: {} },
      { status: 500 },
    ]
    await using hook = await openWebHook((_, count) => answers[count - 1] ?? { status: 200 })
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    for (const [index] of answers.entries()) {
      const path = at(vault, `refused-${index}`)
      assert.equal(await subscribe(manager, hook, {}, path), 'Failed')
      const { json } = await manager.ask('GET', `${path}/progress`)
      assert.equal(json.status, 'Failed')
      assert.match(json.error.message, /validation handshake failed/)
      await manager.ask('DELETE', path)
    }
    const cloud = { eventDeliverySchema: 'CloudEventSchemaV1_0' }
    await manager.ask('PUT', at(vault), body(hook, cloud))
    await until(async () => (await state(manager)) === 'AwaitingManualAction')
    await secret(house, 'PUT', 'x', { value: 'v' })
    await wait(50)
    assert.deepEqual(hook.events(), [])
    assert.deepEqual(await left(house), [])
  })

  it('may be answered for within ten minutes by the address that the question names, and not later or with another word', async () => {
    let ahead = 0
    await using hook = await openWebHook(() => ({ status: 200 }))
    await using house = await openHouse({ ...reaching(hook), clock: () => Date.now() + ahead })
    const manager = await managerOf(house)
    const ask = (url: string) => house.ask('management.cardea.internal', 'GET', url.replace(/^https:\/\/[^/]+/, ''))
    const urlIn = () => JSON.parse((hook.heard.at(-1) as HeardThere).body)[0].data.validationUrl as string
    await manager.ask('PUT', at(vault), body(hook))
    await until(async () => (await state(manager)) === 'AwaitingManualAction')
    assert.equal((await ask(urlIn().replace(/token=.*/, 'token=guessed'))).status, 404)
    assert.equal((await ask(urlIn().replace(/\?.*/, ''))).status, 404)
    assert.equal((await ask(urlIn())).status, 200)
    assert.equal(await state(manager), 'Succeeded')
    assert.equal((await ask(urlIn())).status, 404)
    await secret(house, 'PUT', 'x', { value: 'v' })
    await until(() => hook.events().length === 1)

    await manager.ask('PUT', at(vault, 'late'), body(hook))
    await until(async () => (await state(manager, at(vault, 'late'))) === 'AwaitingManualAction')
    const late = urlIn()
    assert.equal((await manager.ask('PATCH', at(vault, 'late'), { labels: ['changed meanwhile'] })).status, 201)
    ahead = 601_000
    assert.equal((await ask(late)).status, 404)
    await wake(house)
    await until(async () => (await state(manager, at(vault, 'late'))) === 'Failed')
  })

  it('keeps the query of its address and secret headers to itself, but for who may ask for them', async () => {
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    const deliveryAttributeMappings = [
      { name: 'x-key', type: 'Static', properties: { value: 'h1dden', isSecret: true } },
      { name: 'x-plain', type: 'Static', properties: { value: 'shown' } },
      { name: 'x-name', type: 'Dynamic', properties: { sourceField: 'data.ObjectName' } },
    ]
    await subscribe(manager, hook, {}, at(vault), { deliveryAttributeMappings })
    const shown = await manager.ask('GET', at(vault))
    assert.doesNotMatch(shown.text, /s3cret|h1dden/)
    const { properties } = shown.json.properties.destination
    assert.equal(properties.endpointBaseUrl, hook.url.replace(/\?.*/, ''))
    const listed = await manager.ask('GET', `${vault}/providers/Microsoft.EventGrid/eventSubscriptions`)
    assert.doesNotMatch(listed.text, /s3cret|h1dden/)
    assert.equal(listed.json.value.length, 1)
    const { rows } = await house.cardea.base.database.read.run('select * from event_subscription', [])
    assert.doesNotMatch(JSON.stringify(rows), /s3cret|h1dden/)
    const { json } = await manager.ask('POST', `${at(vault)}/getDeliveryAttributes`)
    assert.equal(json.value[0].properties.value, 'h1dden')

    // As Azure's command line does it: what it was shown comes back, without the address and without the secret.
    const changed = await manager.ask('PATCH', at(vault), {
      destination: { endpointType: 'WebHook', properties },
      filter: { subjectBeginsWith: 'Or' },
    })
    assert.equal(changed.status, 201, changed.text)
    await secret(house, 'PUT', 'Orders', { value: 'v' })
    await until(() => hook.events().length === 1)
    const { headers } = hook.heard.at(-1) as HeardThere
    assert.deepEqual([headers['x-key'], headers['x-plain'], headers['x-name']], ['h1dden', 'shown', 'Orders'])
  })

  it('hears what fits its filter, at its scope and below, until it ends', async () => {
    let ahead = 0
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse({ ...reaching(hook), clock: () => Date.now() + ahead })
    const manager = await managerOf(house)
    const ends = new Date(Date.now() + 2 * day).toISOString()
    await subscribe(manager, hook, {
      expirationTimeUtc: ends,
      filter: {
        includedEventTypes: ['microsoft.keyvault.secretnewversioncreated', 'Cardea.SecretDeleted'],
        subjectBeginsWith: 'db-',
        advancedFilters: [{ operatorType: 'StringNotIn', key: 'data.ObjectName', values: ['db-not'] }],
      },
    })
    await subscribe(manager, hook, { filter: { includedEventTypes: ['All'] } }, at('/resourceGroups/demo', 'group'))
    await subscribe(
      manager,
      hook,
      {},
      at(vaultPath('demo').replace('/vaults/demo', '/vaults/demo/secrets/db-one'), 'one'),
    )
    const namesFor = (name: string) =>
      hook.heard
        .filter(
          ({ headers }) => headers['aeg-subscription-name'] === name && headers['aeg-event-type'] === 'Notification',
        )
        .map(({ body }) => `${JSON.parse(body)[0].eventType.split('.').at(-1)} ${JSON.parse(body)[0].subject}`)
        .toSorted()
    for (const name of ['DB-one', 'db-not', 'other']) await secret(house, 'PUT', name, { value: 'v' })
    await secret(house, 'PATCH', 'db-one', { tags: { a: 'b' } })
    await secret(house, 'DELETE', 'db-one')
    await until(async () => (await left(house)).length === 0)
    assert.deepEqual(namesFor('LISTENER'), ['SecretDeleted DB-one', 'SecretNewVersionCreated DB-one'])
    assert.deepEqual(namesFor('ONE'), ['SecretNewVersionCreated DB-one'])
    assert.equal(namesFor('GROUP').length, 5)
    ahead = 2 * day + 1_000
    const fresh = await house.developerToken('https://management.cardea.internal')
    await wake(house)
    await until(async () => (await manager.ask('GET', at(vault), undefined, { token: fresh })).status === 404)
  })

  it('says no to what it can’t do, in words, and never to a private address unless the operator allows it', async () => {
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse()
    const manager = await managerOf(house)
    const good = { url: 'https://hook.example.org/in?code=1' }
    const wrong: [string, object, RegExp][] = [
      ['no address', { properties: {} }, /endpointUrl/],
      ['http', body({ url: 'http://hook.example.org/' }), /https/],
      ['loopback', body({ url: 'https://127.0.0.1/' }), /private/],
      ['metadata', body({ url: 'https://169.254.169.254/latest' }), /private/],
      ['a user', body({ url: 'https://me:pass@hook.example.org/' }), /without a user/],
      ['no URL', body({ url: 'nonsense' }), /https/],
      ['a queue', { properties: { destination: { endpointType: 'StorageQueue' } } }, /WebHook/],
      ['a schema of one’s own', body(good, { eventDeliverySchema: 'CustomInputSchema' }), /EventGridSchema/],
      ['a blob', body(good, { deadLetterDestination: { endpointType: 'StorageBlob' } }), /replayed/],
      [
        'an unknown type',
        body(good, { filter: { includedEventTypes: ['Microsoft.KeyVault.Typo'] } }),
        /SecretNearExpiry/,
      ],
      [
        'an unknown operator',
        body(good, { filter: { advancedFilters: [{ operatorType: 'Like', key: 'id', values: ['x'] }] } }),
        /StringIn/,
      ],
      [
        'values of a wrong type',
        body(good, { filter: { advancedFilters: [{ operatorType: 'NumberIn', key: 'id', values: ['x'] }] } }),
        /compare/,
      ],
      ...['NumberLessThan', 'NumberGreaterThanOrEquals', 'BoolEquals'].map((operatorType): [string, object, RegExp] => [
        `several values for ${operatorType}`,
        body(good, {
          filter: {
            advancedFilters: [
              { operatorType, key: 'data.x', values: operatorType === 'BoolEquals' ? [true, false] : [1, 5] },
            ],
          },
        }),
        /one value/,
      ]),
      [
        'a value that is too long',
        body(good, {
          filter: { advancedFilters: [{ operatorType: 'StringIn', key: 'id', values: ['x', 'x'.repeat(513)] }] },
        }),
        /512 characters/,
      ],
      ['too many attempts', body(good, { retryPolicy: { maxDeliveryAttempts: 31 } }), /30/],
      ['the past', body(good, { expirationTimeUtc: '2001-01-01T00:00:00Z' }), /future/],
      [
        'our header',
        body(
          good,
          {},
          { deliveryAttributeMappings: [{ name: 'aeg-event-type', type: 'Static', properties: { value: 'x' } }] },
        ),
        /ours to set/,
      ],
      [
        'two lines',
        body(
          good,
          {},
          { deliveryAttributeMappings: [{ name: 'x', type: 'Static', properties: { value: 'a\r\nb: c' } }] },
        ),
        /printable/,
      ],
    ]
    for (const [what, given, words] of wrong) {
      const heard = await manager.ask('PUT', at(vault), given)
      assert.equal(heard.status, 400, `${what}: ${heard.text}`)
      assert.match(heard.json.error.message, words, what)
    }
    assert.equal((await manager.ask('PUT', at(vault, 'a_b'), body(good))).status, 400)
    assert.equal((await manager.ask('PUT', at(vaultPath('nothing')), body(good))).status, 404)
    assert.equal((await manager.ask('PATCH', at(vault), {})).status, 404)
    assert.equal((await manager.ask('DELETE', at(vault))).status, 204)
    // A name that leads into a private network is found out when it is asked.
    assert.equal(await subscribe(manager, { ...hook, url: 'https://localhost.localdomain.invalid/x' }), 'Failed')
  })
})
