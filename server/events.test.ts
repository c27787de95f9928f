import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { createLog, silentLog } from '#base/log.ts'
import { findingsOf } from '#core/alerts/findings.ts'
import { FencedOut } from '#core/schedule/schedule.ts'
import { deadLettersKept, delivering } from '#core/subscriptions/subscriptions.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import { relay } from '#workers/relay.ts'
import { type Manager, managerOf, vaultPath } from './planes/management/testing/manager.ts'
import { type Heard, type House, openHouse } from './testing/house.ts'
import { asCloud, asGrid, type HeardThere, openWebHook, reaching, type WebHook } from './testing/receiver.ts'

const day = 86_400_000
const until = async (so: () => boolean | Promise<boolean>) => {
  const since = performance.now()
  while (!(await so())) {
    if (performance.now() - since > 15_000) throw new Error('it never came')
    await wait(5)
  }
}
const at = (path: string, name = 'listener') => `${path}/providers/Microsoft.EventGrid/eventSubscriptions/${name}`
const vault = vaultPath('demo')
type Terms = Readonly<Record<string, unknown>>
const body = ({ url }: Pick<WebHook, 'url'>, terms: Terms = {}, destination: Terms = {}) => ({
  properties: {
    destination: { endpointType: 'WebHook', properties: { endpointUrl: url, ...destination } },
    ...terms,
  },
})
const state = async (manager: Manager, path = at(vault)) => {
  const { json } = await manager.ask('GET', path)
  return json.properties.provisioningState as string
}
const settled = async (manager: Manager, path = at(vault)) => {
  await until(async () => !/ing$/.test(await state(manager, path)))
  return state(manager, path)
}
/** Subscribes, and waits until the address has been asked. */
const subscribe = async (manager: Manager, hook: WebHook, terms?: Terms, path = at(vault), destination?: Terms) => {
  const put = await manager.ask('PUT', path, body(hook, terms, destination))
  assert.equal(put.status, 201, put.text)
  return settled(manager, path)
}
/** Has the workers look, after a leap of the clock. */
const wake = (house: House) => house.cardea.base.database.write(async (turn) => turn.stir())

/** After a leap of the clock, the keys that sign tokens catch up first. */
async function secret(house: House, method: string, name: string, given?: object): Promise<Heard> {
  const asked = async () =>
    house.ask(house.vaultHost, method, `/secrets/${name}?api-version=7.4`, {
      token: await house.developerToken(),
      ...(given !== undefined && { body: given }),
    })
  let heard = await asked()
  await until(async () => {
    if (heard.status !== 401) return true
    await wake(house)
    heard = await asked()
    return false
  })
  assert.equal(heard.status, 200, heard.text)
  return heard
}
const typesOf = (hook: WebHook): string[] => hook.events().map(({ eventType, type }) => eventType ?? type)
const left = async (house: House) =>
  (await house.cardea.base.database.read.run('select * from event_delivery', [])).rows as { dead: string | null }[]

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

describe('a delivery', () => {
  it('is tried again after what isn’t a yes, with the same id, and is kept and replayed when it is refused for good', async () => {
    const moods = [500, 202, 404, 200, 400]
    await using hook = await openWebHook((heard) => {
      const { status } = asGrid(heard)
      return heard.headers['aeg-event-type'] === 'Notification' ? { status: moods.shift() ?? status } : asGrid(heard)
    })
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    await subscribe(manager, hook)
    await secret(house, 'PUT', 'first', { value: 'v' })
    await until(() => hook.events().length === 2)
    assert.deepEqual(new Set(hook.events().map(({ id }) => id)).size, 1)
    assert.deepEqual(
      hook.heard.slice(1).map(({ headers }) => headers['aeg-delivery-count']),
      ['0', '1'],
    )
    moods.splice(0, 2)
    await secret(house, 'PUT', 'second', { value: 'v' })
    await until(async () => (await left(house)).some(({ dead }) => dead !== null))
    const { json } = await manager.ask('GET', `${at(vault)}/deadLetters`)
    const [letter] = json.value
    assert.deepEqual(
      [letter.deadLetterReason, letter.lastDeliveryOutcome, letter.deliveryAttempts, letter.event.subject],
      ['BadRequest', 'BadRequest', 1, 'second'],
    )
    const before = hook.events().length
    assert.equal((await manager.ask('POST', `${at(vault)}/replayDeadLetters`, { ids: ['nothing'] })).json.replayed, 0)
    assert.equal((await manager.ask('POST', `${at(vault)}/replayDeadLetters`)).json.replayed, 1)
    await until(() => hook.events().length === before + 1)
    assert.equal(hook.events().at(-1).id, letter.event.id)
    await until(async () => (await left(house)).length === 0)
  })

  it('ends after as many attempts as its subscription allows', async () => {
    await using hook = await openWebHook((heard) =>
      heard.headers['aeg-event-type'] === 'Notification' ? { status: 503 } : asGrid(heard),
    )
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    await subscribe(manager, hook, { retryPolicy: { maxDeliveryAttempts: 3 } })
    await secret(house, 'PUT', 'x', { value: 'v' })
    await until(async () => (await left(house)).some(({ dead }) => dead === 'MaxDeliveryAttemptsExceeded'))
    assert.equal(hook.events().length, 3)
    const { database } = house.cardea.base
    const rule = { watch: 'late-events', scope: '/', threshold: 1, withinMs: day } as const
    const found = await findingsOf(rule, { sql: database.read, vaults: new VaultBook(database), at: Date.now() })
    assert.deepEqual(
      found.map(({ subject }) => subject),
      ['dead events'],
    )
    assert.match(found[0]?.says ?? '', /1 event was given up .*cardea event dead/)
  })

  it('that is refused is kept with so many others and no more: the oldest of a subscription go, which the log says', async () => {
    const lines: string[] = []
    const log = createLog('info', { write: (line) => lines.push(line) })
    await using hook = await openWebHook((heard) =>
      heard.headers['aeg-event-type'] === 'Notification' ? { status: 400 } : asGrid(heard),
    )
    await using house = await openHouse({ ...reaching(hook), log })
    const manager = await managerOf(house)
    await subscribe(manager, hook)
    await subscribe(manager, hook, {}, at(vault, 'another'))
    const { database } = house.cardea.base
    const query = `select s.name, count(*) as kept, min(d.number) as oldest
      from event_delivery d join event_subscription s on s.id = d.subscription
      where d.dead is not null group by s.name order by s.name`
    // One for the one, and more than are kept for the other; they happened before everything else.
    await database.write(async ({ sql, at }) => {
      await sql.run(
        `with recursive old(number) as (select -${deadLettersKept} union all select number + 1 from old where number < 0)
        insert into event_delivery (subscription, event, number, scope, resource, body, published, due, attempt, attempted, dead)
        select s.id, 'old' || old.number, old.number, s.scope, s.scope, '{}', ${at}, ${at}, 1, ${at}, 'BadRequest'
        from old, event_subscription s where s.name = 'listener' or old.number = 0`,
        [],
      )
    })
    await secret(house, 'PUT', 'x', { value: 'v' })
    const dead = () => lines.filter((line) => line.includes('an event is given up')).length
    await until(() => dead() === 2)
    const { rows } = await database.read.run(query, [])
    const kept = rows.map((row) => ({ ...(row as object) }))
    assert.deepEqual(kept, [
      { name: 'another', kept: 2, oldest: 0 },
      { name: 'listener', kept: deadLettersKept, oldest: 2 - deadLettersKept },
    ])
    const said = lines.filter((line) => line.includes('dropped')).map((line) => JSON.parse(line))
    assert.deepEqual(
      said.map(({ level, subscription, scope, events }) => ({ level, subscription, scope, events })),
      [
        {
          level: 'error',
          subscription: 'listener',
          scope: `/subscriptions/${manager.subscription}${vault}`,
          events: 2,
        },
      ],
    )
  })

  it('goes in batches where they are asked for, and a slow receiver holds up no other', async () => {
    await using slow = await openWebHook(async (heard) => {
      if (heard.headers['aeg-event-type'] === 'Notification') await wait(1_500)
      return asGrid(heard)
    })
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse({
      ...reaching(hook),
      env: { ...reaching(slow, hook).env },
    })
    const manager = await managerOf(house)
    await subscribe(manager, slow, {}, at(vault, 'slow'))
    await subscribe(manager, hook, {}, at(vault), { maxEventsPerBatch: 100 })
    await Promise.all(Array.from({ length: 60 }, (_, index) => secret(house, 'PUT', `s${index}`, { value: 'v' })))
    await until(() => hook.events().length >= 60)
    const notifications = hook.heard.filter(({ headers }) => headers['aeg-event-type'] === 'Notification')
    assert.ok(notifications.length < 60, `${notifications.length} requests`)
    assert.ok(slow.events().length < 60)
  })

  it('is made by who could not be carried for, because the database failed, as soon as it is there again', async () => {
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    assert.equal(await subscribe(manager, hook), 'Succeeded')
    const { base } = house.cardea
    const { read } = base.database
    const [{ id }] = (await read.run('select id from event_subscription', [])).rows as [{ id: string }]
    let fails = true
    const run: typeof read.run = async (text, values, key) => {
      if (fails && text.includes('event_delivery')) throw new Error('the database is away')
      return read.run(text, values, key)
    }
    const database = Object.create(base.database, { read: { value: { engine: read.engine, run } } })
    const work = relay({
      base: { ...base, database },
      log: silentLog,
      own: undefined,
      egress: { allowPrivate: true, ca: hook.ca, lookup: async () => ['127.0.0.1'] },
      origin: 'management.cardea.internal',
    })
    await secret(house, 'PUT', 'x', { value: 'v' })
    await until(() => hook.events().length === 1)
    const lease = { kind: delivering, subject: id, fence: -1, attempt: 0, until: Date.now() + day }
    const { signal } = new AbortController()
    for (let times = 0; times < 50; times += 1) await assert.rejects(work.run(lease, signal), /is away/)
    fails = false
    // Nobody holds such a lease, so what was delivered isn't kept as delivered; but it is delivered.
    await base.database.write(async ({ sql, at }) => {
      await sql.run(
        `insert into event_delivery (subscription, event, number, scope, resource, body, published, due, attempt)
        values ('${id}', 'again', 1, '/', '/', '${JSON.stringify({ id: 'again' })}', ${at}, ${at}, 0)`,
        [],
      )
    })
    await assert.rejects(work.run(lease, signal), FencedOut)
    assert.deepEqual(hook.events().at(-1).id, 'again')
  })

  it('stops when the address answers that it is gone', async () => {
    await using hook = await openWebHook((heard) =>
      heard.headers['aeg-event-type'] === 'Notification' ? { status: 410 } : asGrid(heard),
    )
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    await subscribe(manager, hook)
    await secret(house, 'PUT', 'x', { value: 'v' })
    await until(async () => (await state(manager)) === 'Failed')
    await secret(house, 'PUT', 'y', { value: 'v' })
    await wait(50)
    assert.equal(hook.events().length, 1)
  })

  it('is given up in time also where its address has to say first that it wants events', async () => {
    let ahead = 0
    let wants = true
    await using hook = await openWebHook((heard) => (wants ? asGrid(heard) : { status: 500 }))
    await using house = await openHouse({ ...reaching(hook), clock: () => Date.now() + ahead })
    const manager = await managerOf(house)
    const terms = { retryPolicy: { eventTimeToLiveInMinutes: 1 } }
    assert.equal(await subscribe(manager, hook, terms), 'Succeeded')
    wants = false
    assert.equal(await subscribe(manager, hook, terms), 'Failed')
    await secret(house, 'PUT', 'x', { value: 'v' })
    assert.deepEqual(
      (await left(house)).map(({ dead }) => dead),
      [null],
    )
    ahead = 61_000
    await wake(house)
    await until(async () => (await left(house))[0]?.dead === 'TimeToLiveExceeded')
  })
})

describe('the end of a secret', () => {
  const nearAndExpired = async (hook: WebHook, name: string) =>
    hook
      .events()
      .filter(({ subject, eventType }) => subject === name && /Near|Expired/.test(eventType))
      .map(({ eventType }) => eventType.split('.').at(-1))

  it('is told thirty days before and when it comes, each once for a version and its date', async () => {
    let ahead = 0
    const clock = () => Date.now() + ahead
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse({ ...reaching(hook), clock })
    const manager = await managerOf(house)
    await subscribe(manager, hook)
    const inDays = (days: number) => Math.floor((clock() + days * day) / 1000)
    const quiet = async () => {
      await until(async () => (await left(house)).length === 0)
      await wait(60)
    }
    await secret(house, 'PUT', 'far', { value: 'v', attributes: { exp: inDays(60) } })
    await secret(house, 'PUT', 'soon', { value: 'v', attributes: { exp: inDays(10) } })
    await secret(house, 'PUT', 'off', { value: 'v', attributes: { exp: inDays(10), enabled: false } })
    await secret(house, 'PUT', 'gone', { value: 'v', attributes: { exp: inDays(60) } })
    await secret(house, 'DELETE', 'gone')
    await until(async () => (await nearAndExpired(hook, 'soon')).length === 1)
    await quiet()
    assert.deepEqual(await nearAndExpired(hook, 'far'), [])
    ahead = 31 * day
    await secret(house, 'PUT', 'tick', { value: 'v' })
    await until(async () => (await nearAndExpired(hook, 'far')).length === 1)
    await until(async () => (await nearAndExpired(hook, 'soon')).length === 2)
    assert.deepEqual(await nearAndExpired(hook, 'soon'), ['SecretNearExpiry', 'SecretExpired'])
    // The same date again is no news; another one is.
    await secret(house, 'PATCH', 'far', { attributes: { exp: inDays(28) } })
    await until(async () => (await nearAndExpired(hook, 'far')).length === 2)
    await secret(house, 'PATCH', 'far', { tags: { still: 'the same' } })
    await quiet()
    assert.equal((await nearAndExpired(hook, 'far')).length, 2)
    // A new version without an end silences what waited for the one before.
    await secret(house, 'PUT', 'far', { value: 'next' })
    ahead = 70 * day
    await secret(house, 'PUT', 'tick', { value: 'v' })
    await quiet()
    assert.equal((await nearAndExpired(hook, 'far')).length, 2)
    assert.deepEqual(await nearAndExpired(hook, 'off'), [])
    assert.deepEqual(await nearAndExpired(hook, 'gone'), [])
    // Used again, it has come to its end.
    await secret(house, 'PATCH', 'off', { attributes: { enabled: true } })
    await until(async () => (await nearAndExpired(hook, 'off')).length === 2)
  })

  it('is waited for again when its vault comes back', async () => {
    let ahead = 0
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse({ ...reaching(hook), clock: () => Date.now() + ahead })
    const manager = await managerOf(house)
    await subscribe(manager, hook)
    await secret(house, 'PUT', 'x', { value: 'v', attributes: { exp: Math.floor((Date.now() + 60 * day) / 1000) } })
    assert.equal((await manager.ask('DELETE', vault)).status, 200)
    ahead = 31 * day
    const fresh = await house.developerToken('https://management.cardea.internal')
    await wait(60)
    assert.deepEqual(await nearAndExpired(hook, 'x'), [])
    const properties = {
      tenantId: house.cardea.installation.tenant,
      sku: { family: 'A', name: 'standard' },
      createMode: 'recover',
    }
    const back = await manager.ask('PUT', vault, { location: 'local', properties }, { token: fresh })
    assert.ok([200, 201].includes(back.status), back.text)
    await until(async () => (await nearAndExpired(hook, 'x')).length === 1)
  })
})

describe('who else listens', () => {
  it('hears of access policies, and of settings and snapshots of a store', async () => {
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    await subscribe(manager, hook, {}, at(''))
    await manager.ask('PATCH', vault, { properties: { enableRbacAuthorization: false } })
    await until(() => typesOf(hook).includes('Microsoft.KeyVault.VaultAccessPolicyChanged'))
    const token = await house.developerToken('https://demo.config.cardea.internal')
    const put = await house.ask(house.storeHost, 'PUT', '/kv/k?label=l&api-version=2023-11-01', {
      token,
      body: { value: 'never-in-an-event' },
      headers: { 'content-type': 'application/vnd.microsoft.appconfig.kv+json' },
    })
    assert.equal(put.status, 200, put.text)
    await until(() => typesOf(hook).includes('Microsoft.AppConfiguration.KeyValueModified'))
    const event = hook.events().find(({ eventType }) => eventType.endsWith('KeyValueModified'))
    assert.equal(event.subject, 'https://demo.config.cardea.internal/kv/k?label=l')
    assert.equal(event.data.etag, put.json.etag)
    assert.doesNotMatch(JSON.stringify(hook.events()), /never-in-an-event/)
  })

  it('hears how a rotation goes, if it asks for our types', async () => {
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    const types = ['RotationStarted', 'RotationVerified', 'RotationPublished', 'RotationRetired']
    const includedEventTypes = types.map((type) => `Cardea.${type}`)
    await subscribe(manager, hook, { filter: { includedEventTypes } })
    const token = await house.developerToken()
    const bound = await house.ask(house.vaultHost, 'PUT', '/.cardea/secrets/session/rotation', {
      token,
      body: { provider: 'random', binding: {}, intervalSeconds: null },
    })
    assert.equal(bound.status, 200, bound.text)
    await until(() => hook.events().length === 4)
    assert.deepEqual(new Set(typesOf(hook)), new Set(includedEventTypes))
    const { data, subject } = hook.events().find(({ eventType }) => eventType === 'Cardea.RotationPublished')
    assert.deepEqual([subject, data.Provider, data.Reason], ['session', 'random', 'scheduled'])
    assert.match(data.Version, /^[0-9a-f]{32}$/)
    assert.equal(new Set(hook.events().map((event) => event.data.RotationId)).size, 1)
  })
})
