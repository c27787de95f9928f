import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { createLog, silentLog } from '#base/log.ts'
import { findingsOf } from '#core/alerts/findings.ts'
import { FencedOut } from '#core/schedule/schedule.ts'
import { deadLettersKept, delivering } from '#core/subscriptions/subscriptions.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import { relay } from '#workers/relay.ts'
import { managerOf } from './planes/management/testing/manager.ts'
import { openHouse } from './testing/house.ts'
import { asGrid, openWebHook, reaching } from './testing/receiver.ts'
import { at, left, secret, state, subscribe, until, vault, wake } from './testing/subscribing.ts'

const day = 86_400_000

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
