import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { silentLog } from '#base/log.ts'
import { claimDue, FencedOut, scheduleAt, settle } from '#core/schedule/schedule.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import { secretReaper } from '#workers/reaper.ts'
import { startWorker, type Work, type Worker } from '#workers/worker.ts'
import { type House, openHouse } from './testing/house.ts'

const version = 'api-version=7.4'
/** A worker that nobody wakes looks about once a minute, a tenth sooner at most. */
const lookMs = 50_000
const until = async (so: () => boolean | Promise<boolean>) => {
  const since = performance.now()
  while (!(await so())) {
    if (performance.now() - since > 10_000) throw new Error('it never came')
    await wait(5)
  }
}
const around = (house: House) => ({
  database: house.cardea.base.database,
  clock: house.cardea.base.clock,
  log: silentLog,
  owner: 'test',
})
/** A worker that ends with its test, however that goes. */
function working(house: House, work: Work): Worker & AsyncDisposable {
  const worker = startWorker(work, around(house))
  return { close: () => worker.close(), [Symbol.asyncDispose]: () => worker.close() }
}
const due = (house: House, subject: string, at = Date.now()) =>
  house.cardea.base.database.write((turn) => scheduleAt(turn, 'test', subject, at))

describe('a worker', () => {
  it('begins with the commit that made something due, and doesn’t wait until it would look by itself', async (context) => {
    await using house = await openHouse()
    const { database } = house.cardea.base
    const begun = new Map<string, number>()
    await using _worker = working(house, {
      name: 'test',
      kind: 'test',
      concurrency: 4,
      leaseMs: 1_000,
      async run(lease) {
        begun.set(lease.subject, performance.now())
        await database.write((turn) => settle(turn, lease, undefined))
      },
    })
    const delays: number[] = []
    for (let count = 0; count < 20; count += 1) {
      await due(house, `subject-${count}`)
      const committed = performance.now()
      await until(() => begun.has(`subject-${count}`))
      delays.push((begun.get(`subject-${count}`) as number) - committed)
    }
    delays.sort((a, b) => a - b)
    context.diagnostic(`${delays[10]?.toFixed(1)} ms in the middle, ${delays[19]?.toFixed(1)} ms at most`)
    assert.ok((delays[19] as number) < lookMs, String(delays))
  })

  it('begins when the time comes, though nobody commits anything', async () => {
    await using house = await openHouse()
    const { database } = house.cardea.base
    let begun = 0
    await using worker = working(house, {
      name: 'test',
      kind: 'test',
      concurrency: 1,
      leaseMs: 1_000,
      async run(lease) {
        begun = Date.now()
        await database.write((turn) => settle(turn, lease, undefined))
      },
    })
    const at = Date.now() + 300
    await due(house, 'later', at)
    await until(() => begun > 0)
    assert.ok(begun >= at && begun < at + 100, String(begun - at))
    await worker.close()
  })

  it('tries again after a failure, later and later, and never dies of it', async () => {
    await using house = await openHouse()
    const attempts: number[] = []
    await using _worker = working(house, {
      name: 'test',
      kind: 'test',
      concurrency: 1,
      leaseMs: 1_000,
      async run(lease) {
        attempts.push(lease.attempt)
        if (attempts.length < 3) throw new Error('not yet')
        await house.cardea.base.database.write((turn) => settle(turn, lease, undefined))
      },
    })
    await due(house, 'hard')
    await until(() => attempts.length === 3)
    assert.deepEqual(attempts, [0, 1, 2])
  })

  it('works on no more than it may at once, and finishes what it has begun before it closes', async () => {
    await using house = await openHouse()
    const { database } = house.cardea.base
    let [running, most, done] = [0, 0, 0]
    await using worker = working(house, {
      name: 'test',
      kind: 'test',
      concurrency: 3,
      leaseMs: 1_000,
      async run(lease) {
        running += 1
        most = Math.max(most, running)
        await wait(50)
        await database.write((turn) => settle(turn, lease, undefined))
        running -= 1
        done += 1
      },
    })
    for (let count = 0; count < 8; count += 1) await due(house, `subject-${count}`)
    await until(() => done >= 4)
    await worker.close()
    assert.equal(running, 0)
    assert.equal(most, 3)
  })

  it('gives a lease that ran out to another, and the old holder changes nothing more', async () => {
    let now = Date.now()
    await using house = await openHouse({ clock: () => now })
    const { database } = house.cardea.base
    await due(house, 'contended', now)
    const [old] = await claimDue(database, 'one', ['test'], 1, 1_000)
    assert.ok(old)
    assert.deepEqual(await claimDue(database, 'two', ['test'], 1, 1_000), [])
    now += 1_001
    const [taken] = await claimDue(database, 'two', ['test'], 1, 10_000)
    assert.ok(taken && taken.fence > old.fence)
    await assert.rejects(
      database.write((turn) => settle(turn, old, undefined)),
      /was taken over/,
    )
    await database.write((turn) => settle(turn, taken, undefined))
  })
})

describe('the reaper', () => {
  it('purges at the end of the retention, as a principal of its own, and nothing before', async () => {
    let ahead = 0
    await using house = await openHouse({ clock: () => Date.now() + ahead })
    const day = 86_400_000
    const ask = async (method: string, path: string, body?: unknown) =>
      house.ask(house.vaultHost, method, `${path}?${version}`, { token: await house.developerToken(), body })
    for (const name of ['gone', 'recovered']) {
      await ask('PUT', `/secrets/${name}`, { value: 'v' })
      await ask('DELETE', `/secrets/${name}`)
    }
    ahead = 89 * day
    // Any commit makes the workers look at the clock. So long a sleep has outlived the signing key, too: until there is
    // another, nobody gets a token.
    await due(house, 'x')
    await until(() =>
      ask('GET', '/deletedsecrets/gone').then(
        ({ status }) => status !== 401,
        () => false,
      ),
    )
    await ask('POST', '/deletedsecrets/recovered/recover')
    assert.equal((await ask('GET', '/deletedsecrets/gone')).status, 200)
    ahead = 90 * day + 1_000
    await due(house, 'x')
    await until(async () => (await ask('GET', '/deletedsecrets/gone')).status === 404)
    assert.equal((await ask('GET', '/secrets/recovered')).json.value, 'v')
    const purge = (await house.deeds()).find(({ operation }) => operation === 'SecretPurge')
    assert.equal(purge?.outcome, 'done')
    const { rows } = await house.cardea.base.database.read.run(
      `select name from principal where object_id = '${purge?.caller}'`,
      [],
    )
    assert.equal((rows[0] as { name: string }).name, 'reaper')
  })

  it('that was overtaken purges nothing, and is in the journal as that', async () => {
    await using house = await openHouse()
    const token = await house.developerToken()
    const ask = (method: string, path: string, body?: unknown) =>
      house.ask(house.vaultHost, method, `${path}?${version}`, { token, body })
    await ask('PUT', '/secrets/kept', { value: 'v' })
    await ask('DELETE', '/secrets/kept')
    const { base } = house.cardea
    const work = secretReaper({ base, vaults: new VaultBook(base.database) })
    const lease = { kind: work.kind, subject: 'demo/kept', fence: -1, attempt: 0, until: Date.now() }
    await assert.rejects(work.run(lease, new AbortController().signal), FencedOut)
    assert.equal((await ask('GET', '/deletedsecrets/kept')).status, 200)
    const purges = (await house.deeds()).filter(({ operation }) => operation === 'SecretPurge')
    assert.deepEqual(
      purges.map(({ outcome }) => outcome),
      ['conflict'],
    )
  })
})

describe('the key keeper', () => {
  it('shows the next signing key a day before it signs, and tokens of the old one go on to be valid', async () => {
    let ahead = 0
    await using house = await openHouse({ clock: () => Date.now() + ahead })
    const kids = async () => {
      const tenant = house.cardea.installation.tenant
      const heard = await house.ask(house.loginHost, 'GET', `/${tenant}/discovery/v2.0/keys`)
      return (heard.json.keys as { kid: string }[]).map(({ kid }) => kid)
    }
    const kidOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString()).kid
    const [first] = await kids()
    ahead = 29 * 86_400_000 + 1_000
    const old = await house.developerToken()
    // Any commit makes the worker look at the clock.
    await house.ask(house.vaultHost, 'PUT', `/secrets/x?${version}`, { token: old, body: { value: 'v' } })
    await until(async () => (await kids()).length === 2)
    const next = (await kids()).find((kid) => kid !== first)
    assert.equal(kidOf(await house.developerToken()), first)
    ahead += 86_400_000 + 1_000
    const fresh = await house.developerToken()
    assert.equal(kidOf(fresh), next)
    assert.equal((await house.ask(house.vaultHost, 'GET', `/secrets/x?${version}`, { token: fresh })).status, 200)
    assert.ok((await kids()).includes(first as string))
  })
})

describe('the relay', () => {
  type Heard = { headers: IncomingHttpHeaders; body: string }
  const receiver = async (answer: (heard: Heard, count: number) => number) => {
    const heard: Heard[] = []
    const server: Server = createServer((request, response) => {
      let body = ''
      request.on('data', (part) => {
        body += part
      })
      request.on('end', () => {
        heard.push({ headers: request.headers, body })
        response.writeHead(answer(heard.at(-1) as Heard, heard.length)).end()
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return {
      heard,
      url: `http://127.0.0.1:${port}/events`,
      names: () => heard.map(({ body }) => JSON.parse(body).subject as string),
      async [Symbol.asyncDispose]() {
        server.closeAllConnections()
        server.close()
        await once(server, 'close')
      },
    }
  }
  const set = async (house: House, name: string) =>
    house.ask(house.vaultHost, 'PUT', `/secrets/${name}?${version}`, {
      token: await house.developerToken(),
      body: { value: 'never-in-an-event' },
    })

  it('posts each event as a signed CloudEvent, in order, without a value', async () => {
    await using there = await receiver(() => 204)
    await using house = await openHouse({ env: { CARDEA_EVENTS_URL: there.url, CARDEA_EVENTS_KEY: 'shared' } })
    for (const name of ['one', 'two', 'three']) await set(house, name)
    await until(() => there.heard.length === 3)
    assert.deepEqual(there.names(), ['one', 'two', 'three'])
    const { headers, body } = there.heard[0] as Heard
    assert.equal(headers['content-type'], 'application/cloudevents+json; charset=utf-8')
    const event = JSON.parse(body)
    assert.equal(event.type, 'Microsoft.KeyVault.SecretNewVersionCreated')
    assert.equal(headers['webhook-id'], event.id)
    const signed = createHmac('sha256', 'shared').update(`${event.id}.${headers['webhook-timestamp']}.${body}`)
    assert.equal(headers['webhook-signature'], `v1,${signed.digest('base64')}`)
    assert.ok(!body.includes('never-in-an-event'))
    const { database } = house.cardea.base
    await until(async () => (await database.read.run('select * from event_delivery', [])).rows.length === 0)
  })

  it('tries again what was not taken, before what came after it, and keeps what is refused for good as a dead letter', async () => {
    let mood = 503
    await using there = await receiver(({ body }) => (body.includes('poison') ? 400 : mood))
    await using house = await openHouse({ env: { CARDEA_EVENTS_URL: there.url }, events: { pausesMs: [50] } })
    await set(house, 'first')
    await until(() => there.heard.length >= 2)
    for (const name of ['second', 'poison', 'third']) await set(house, name)
    mood = 200
    const { database } = house.cardea.base
    const left = async () => (await database.read.run('select dead from event_delivery', [])).rows
    await until(async () => JSON.stringify(await left()) === '[{"dead":"BadRequest"}]')
    const taken = there.names().filter((name, index, all) => all.lastIndexOf(name) === index)
    assert.deepEqual(taken, ['first', 'second', 'poison', 'third'])
    assert.equal(there.heard[0]?.headers['webhook-signature'], undefined)
  })

  it('looks again at what is held up by the event before it when that one is due, and no sooner', async () => {
    await using there = await receiver(() => 503)
    await using house = await openHouse({ env: { CARDEA_EVENTS_URL: there.url }, events: { pausesMs: [60_000] } })
    for (const name of ['first', 'second', 'third']) await set(house, name)
    const { database } = house.cardea.base
    const look = async () => {
      const { rows } = await database.read.run(`select at, fence from due where kind = 'deliver-events'`, [])
      return (rows as [{ at: number; fence: number }])[0]
    }
    await until(async () => (await look()).at > Date.now() + 50_000)
    const { fence } = await look()
    await wait(200)
    assert.equal((await look()).fence, fence)
    assert.deepEqual(there.names(), ['first'])
  })

  it('gives up what nobody has taken for a day, and carries what waited when the settings name a receiver again', async () => {
    let ahead = 0
    let mood = 503
    await using there = await receiver(() => mood)
    const clock = () => Date.now() + ahead
    const data = await mkdtemp(join(tmpdir(), 'cardea-relay-'))
    const env = { CARDEA_EVENTS_URL: there.url }
    const events = { pausesMs: [20] }
    const left = async (house: House) =>
      (await house.cardea.base.database.read.run('select dead from event_delivery order by number', [])).rows
    {
      await using house = await openHouse({ data, clock, env, events })
      await set(house, 'given-up')
      await until(() => there.heard.length >= 2)
      assert.equal(JSON.stringify(await left(house)), '[{"dead":null}]')
      ahead = 86_401_000
      await until(async () => JSON.stringify(await left(house)) === '[{"dead":"TimeToLiveExceeded"}]')
      await set(house, 'waits')
    }
    {
      await using house = await openHouse({ data, clock })
      await set(house, 'for-nobody')
      assert.equal((await left(house)).length, 2)
    }
    mood = 200
    there.heard.length = 0
    await using house = await openHouse({ data, clock, env, events })
    await until(async () => (await left(house)).length === 1)
    assert.deepEqual(there.names(), ['waits'])
    await rm(data, { recursive: true, force: true })
  })
})
