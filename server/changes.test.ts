import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { after, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { builtInRoles } from '@cardea/contract/roles'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { keepEvents } from '#core/events/events.ts'
import { enablePrincipal } from '#core/identity/testing/enable-principal.ts'
import { type Follower, follow } from './testing/follower.ts'
import { openHouse } from './testing/house.ts'

const version = 'api-version=7.4'
const postgres = needs('PostgreSQL', findPostgres)

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken()

const set = (name: string, value = 'v', on = house) =>
  on.ask(on.vaultHost, 'PUT', `/secrets/${name}?${version}`, { token, body: { value } })
/** So many changes in one turn, as if so many secrets had been set. */
const many = (count: number) =>
  house.cardea.base.database.write((turn) => {
    const scope = vaultId()
    const event = (index: number) => ({
      type: 'secret-version-created' as const,
      scope,
      resource: `${scope}/secrets/many-${index}`,
      name: `many-${index}`,
      version: '0'.repeat(32),
    })
    return keepEvents(
      turn,
      Array.from({ length: count }, (_, index) => event(index)),
      house.cardea.base.outgoing,
    )
  })
const names = ({ events }: Follower) => events.slice(1).map(({ data }) => data.name)
const vaultId = () =>
  `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`

const storeId = () =>
  `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.AppConfiguration/configurationStores/demo`

describe('a change stream', () => {
  it('greets with where the journal stands, then tells each change in order, ids and names only', async () => {
    const here = await follow(house, house.vaultHost, { token })
    assert.equal(here.status, 200)
    await here.hears(1)
    assert.equal(here.events[0]?.event, 'hello')
    assert.deepEqual(here.events[0]?.data, { sequence: house.cardea.base.database.sequence })
    const made = await set('told', 'a-value-nobody-hears-of')
    await house.ask(house.vaultHost, 'PATCH', `/secrets/told?${version}`, { token, body: { tags: { a: '1' } } })
    await house.ask(house.vaultHost, 'DELETE', `/secrets/told?${version}`, { token })
    await house.ask(house.vaultHost, 'POST', `/deletedsecrets/told/recover?${version}`, { token })
    await here.hears(5)
    assert.deepEqual(
      here.events.slice(1).map(({ event }) => event),
      ['secret-version-created', 'secret-updated', 'secret-deleted', 'secret-recovered'],
    )
    const first = here.events[1]
    assert.deepEqual(
      { ...first?.data, at: 0 },
      {
        sequence: first?.id,
        at: 0,
        type: 'secret-version-created',
        resource: `${vaultId()}/secrets/told`,
        name: 'told',
        version: made.json.id.split('/').at(-1),
      },
    )
    const ids = here.events.slice(1).map(({ id }) => id as number)
    assert.deepEqual(
      ids,
      [...ids].sort((a, b) => a - b),
    )
    assert.ok(!JSON.stringify(here.events).includes('a-value-nobody-hears-of'))
    here.close()
  })

  it('tells within milliseconds of the answer to whoever made the change', async () => {
    const here = await follow(house, house.vaultHost, { token })
    await here.hears(1)
    const since = performance.now()
    await set('quick')
    const answered = performance.now() - since
    await here.hears(2)
    assert.ok(performance.now() - since < answered + 100)
    here.close()
  })

  it('resumes after a cursor without a gap, by query or by Last-Event-ID', async () => {
    const { sequence } = house.cardea.base.database
    await many(1_300)
    for (const way of [{ after: sequence }, { headers: { 'last-event-id': String(sequence) } }]) {
      const here = await follow(house, house.vaultHost, { token, ...way })
      await here.hears(1_301)
      const ids = here.events.slice(1, 1_301).map(({ id }) => id as number)
      assert.deepEqual(
        ids,
        Array.from({ length: 1_300 }, (_, index) => sequence + 1 + index),
      )
      await set('and-on')
      await here.until('and-on')
      assert.equal(names(here).at(-1), 'and-on')
      here.close()
    }
  })

  it('greets a cursor from another journal with its own end', async () => {
    const here = await follow(house, house.vaultHost, { token, after: 1_000_000 })
    await here.hears(1)
    assert.deepEqual(here.events[0]?.data, { sequence: house.cardea.base.database.sequence })
    await set('after-all')
    await here.hears(2)
    here.close()
  })

  it('refuses a cursor that is no number', async () => {
    const headers = { 'last-event-id': 'yesterday' }
    const heard = await house.ask(house.vaultHost, 'GET', '/.cardea/changes', { token, headers })
    assert.equal(heard.status, 400)
    assert.equal((await house.ask(house.vaultHost, 'GET', '/.cardea/changes?after=x', { token })).status, 400)
  })

  it('tells of nothing that the caller may not read', async () => {
    const reader = await house.newcomer('reader of one')
    await house.assign(reader.principal, builtInRoles.keyVaultSecretsUser, `${vaultId()}/secrets/mine`)
    const here = await follow(house, house.vaultHost, { token: await reader.token() })
    assert.equal(here.status, 200)
    await here.hears(1)
    for (const name of ['theirs', 'mine', 'mine-too', 'MINE']) await set(name)
    await here.hears(3)
    await wait(50)
    assert.deepEqual(names(here), ['mine', 'mine'])
    here.close()
  })

  it('tells of more as soon as more is granted', async () => {
    const reader = await house.newcomer('growing reader')
    await house.assign(reader.principal, builtInRoles.keyVaultSecretsUser, `${vaultId()}/secrets/first`)
    const here = await follow(house, house.vaultHost, { token: await reader.token() })
    await here.hears(1)
    await set('second')
    await house.assign(reader.principal, builtInRoles.keyVaultSecretsUser, `${vaultId()}/secrets/second`)
    await set('second')
    await here.hears(2)
    assert.deepEqual(names(here), ['second'])
    here.close()
  })

  it('ends at once when the right is taken away, and tells of nothing afterwards (P6)', async () => {
    const reader = await house.newcomer('revoked reader')
    const revoke = await house.assign(reader.principal, builtInRoles.keyVaultSecretsUser, vaultId())
    const here = await follow(house, house.vaultHost, { token: await reader.token() })
    await here.hears(1)
    await set('before')
    await here.hears(2)
    await revoke()
    const since = performance.now()
    await set('afterwards')
    await here.ended
    assert.ok(performance.now() - since < 500)
    assert.deepEqual(names(here), ['before'])
    const again = await follow(house, house.vaultHost, { token: await reader.token() })
    assert.equal(again.status, 403)
    again.close()
  })

  it('ends when its principal is switched off', async () => {
    const reader = await house.newcomer('reader that leaves')
    await house.assign(reader.principal, builtInRoles.keyVaultSecretsUser, vaultId())
    const here = await follow(house, house.vaultHost, { token: await reader.token() })
    await here.hears(1)
    await house.cardea.base.database.write((turn) =>
      enablePrincipal(turn, house.cardea.base.keyring, reader.principal.objectId, false),
    )
    await here.ended
  })

  it('ends when its token does', async () => {
    let ahead = 0
    await using later = await openHouse({ clock: () => Date.now() + ahead })
    const old = await later.developerToken()
    ahead = (3600 + 298) * 1000
    const here = await follow(later, later.vaultHost, { token: old })
    assert.equal(here.status, 200)
    await here.hears(1)
    await here.ended
  })

  it('is in the journal of deeds like any reading', async () => {
    const before = (await house.deeds()).filter(({ operation }) => operation === 'VaultChangesFollow').length
    const here = await follow(house, house.vaultHost, { token })
    const deeds = (await house.deeds()).filter(({ operation }) => operation === 'VaultChangesFollow')
    assert.equal(deeds.length, before + 1)
    assert.equal(deeds.at(-1)?.outcome, 'done')
    here.close()
  })

  it('keeps nothing for a client that doesn’t read, and loses nothing for it', async () => {
    const here = await follow(house, house.vaultHost, { token })
    await here.hears(1)
    here.pause()
    for (let count = 0; count < 30; count += 1) await many(100)
    here.resume()
    await here.hears(3_001)
    const ids = here.events.slice(1).map(({ id }) => id as number)
    assert.equal(new Set(ids).size, 3_000)
    assert.equal((ids.at(-1) as number) - (ids[0] as number), 2_999)
    here.close()
  })

  it('says something every 15 s, and lets go of a client that takes nothing', async (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] })
    const alive = await follow(house, house.vaultHost, { token })
    const stuck = await follow(house, house.vaultHost, { token })
    await Promise.all([alive.hears(1), stuck.hears(1)])
    context.mock.timers.tick(15_000)
    await many(1)
    await Promise.all([alive.hears(2), stuck.hears(2)])
    assert.deepEqual([alive.comments, stuck.comments], [1, 1])
    stuck.pause()
    // More than all buffers on the way hold.
    for (let count = 0; count < 20; count += 1) await many(1_500)
    await alive.hears(30_002)
    for (let beat = 0; beat < 3; beat += 1) {
      context.mock.timers.tick(15_000)
      await wait(10)
    }
    assert.equal(alive.comments, 4)
    stuck.resume()
    await stuck.ended
    const missed = stuck.events.at(-1)?.id as number
    assert.ok(missed < (alive.events.at(-1)?.id as number))
    const again = await follow(house, house.vaultHost, { token, after: missed })
    await again.hears(2)
    assert.equal(again.events[1]?.id, missed + 1)
    for (const one of [again, alive]) one.close()
  })

  it('reaches two hundred at once', async (context) => {
    const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
    const all = await Promise.all(Array.from({ length: 200 }, () => follow(house, house.vaultHost, { token, agent })))
    await Promise.all(all.map((one) => one.hears(1)))
    const latencies: number[] = []
    for (let count = 1; count <= 20; count += 1) {
      const since = performance.now()
      await set('for-all')
      await Promise.all(all.map((one) => one.hears(1 + count)))
      latencies.push(performance.now() - since)
    }
    latencies.sort((a, b) => a - b)
    context.diagnostic(
      `from the request to the last of 200: ${latencies[10]?.toFixed(1)} ms in the middle, ${latencies[19]?.toFixed(1)} ms at most`,
    )
    for (const one of all) one.close()
    agent.destroy()
  })

  it('of a store tells of its settings, to who may read them', async () => {
    const audience = `https://${house.storeHost}`
    const developer = await house.developerToken(audience)
    const here = await follow(house, house.storeHost, { token: developer })
    assert.equal(here.status, 200)
    await here.hears(1)
    const put = await house.ask(house.storeHost, 'PUT', '/kv/colour?api-version=2023-11-01', {
      token: developer,
      body: { value: 'blue' },
      headers: { 'content-type': 'application/vnd.microsoft.appconfig.kv+json' },
    })
    assert.equal(put.status, 200)
    await here.hears(2)
    assert.deepEqual([here.events[1]?.event, names(here)], ['setting-written', ['colour']])
    here.close()
  })

  it('of a store tells one whose role is narrowed to some keys of those alone', async () => {
    const audience = `https://${house.storeHost}`
    const { principal, token: tokenFor } = await house.newcomer('follower of app1')
    const condition = `@Resource[Microsoft.AppConfiguration/configurationStores/keyValues:key] StringStartsWith 'app1:'`
    await house.assign(principal, builtInRoles.appConfigurationDataReader, storeId(), condition)
    const here = await follow(house, house.storeHost, { token: await tokenFor(audience) })
    await here.hears(1)
    const developer = await house.developerToken(audience)
    for (const key of ['app2:a', 'app1:a', 'App1:a', 'app1:b'])
      await house.ask(house.storeHost, 'PUT', `/kv/${key}?api-version=2023-11-01`, {
        token: developer,
        body: { value: 'v' },
      })
    await here.hears(3)
    assert.deepEqual(names(here), ['app1:a', 'app1:b'])
    here.close()
  })

  it('of a store tells that a secret changed which a setting points at, to who may read the secret and to nobody else', async () => {
    const audience = `https://${house.storeHost}`
    const developer = await house.developerToken(audience)
    const writer = await house.newcomer('writer of settings')
    await house.assign(writer.principal, builtInRoles.appConfigurationDataOwner, storeId())
    const token = await writer.token(audience)
    const headers = { 'content-type': 'application/vnd.microsoft.appconfig.kv+json' }
    const put = (key: string, value: string, content_type?: string) =>
      house.ask(house.storeHost, 'PUT', `/kv/${key}?api-version=2023-11-01`, {
        ...{ token, headers },
        body: { value, content_type },
      })
    const uri = 'https://demo.vault.cardea.internal/secrets/project-mercury'
    const kind = 'application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8'
    assert.equal((await put('guess', JSON.stringify({ uri }), kind)).status, 200)
    const [stranger, known] = [
      await follow(house, house.storeHost, { token }),
      await follow(house, house.storeHost, { token: developer }),
    ]
    await Promise.all([stranger.hears(1), known.hears(1)])
    await set('project-mercury')
    await put('marker', 'v')
    await Promise.all([stranger.until('marker'), known.until('marker')])
    assert.deepEqual(names(stranger), ['marker'])
    assert.deepEqual(names(known), ['guess', 'marker'])
    assert.doesNotMatch(JSON.stringify(known.events), /mercury/)

    // From the moment in which they may read it, they hear of it.
    await house.assign(writer.principal, builtInRoles.keyVaultSecretsUser, `${vaultId()}/secrets/project-mercury`)
    await set('project-mercury')
    await stranger.until('guess')
    for (const one of [stranger, known]) one.close()
  })

  it('ends when the server stops', async () => {
    const short = await openHouse()
    const here = await follow(short, short.vaultHost, { token: await short.developerToken() })
    await here.hears(1)
    await short[Symbol.asyncDispose]()
    await here.ended
  })
})

describe('a change stream of one of two nodes', { skip: postgres.skip }, () => {
  it('tells what the other node commits, and ends when the other node revokes (P6)', async () => {
    await using shared = await startPostgres({ database: 'cardea' })
    const env = { CARDEA_DATABASE: shared.url() }
    await using one = await openHouse({ env })
    await using two = await openHouse({ env, data: one.data })
    const own = await one.developerToken()
    const put = (name: string) =>
      one.ask(one.vaultHost, 'PUT', `/secrets/${name}?${version}`, { token: own, body: { value: 'v' } })
    const reader = await one.newcomer('reader')
    const vault = `/subscriptions/${one.cardea.installation.subscription}/resourceGroups/demo`
    const revoke = await one.assign(reader.principal, builtInRoles.keyVaultSecretsUser, vault)
    const here = await follow(two, two.vaultHost, { token: await reader.token() })
    assert.equal(here.status, 200)
    await here.hears(1)
    await put('from-afar')
    await here.hears(2)
    await revoke()
    await put('too-late')
    await here.ended
    assert.deepEqual(names(here), ['from-afar'])
  })
})
