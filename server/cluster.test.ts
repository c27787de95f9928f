import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { builtInRoles } from '@cardea/contract/roles'
import { findPostgres, startPostgres, type TestPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import pg from 'pg'
import { mayUseAssertion } from '#core/identity/assertions.ts'
import { addPassword, dropCredential } from '#core/identity/directory.ts'
import { enter } from '#core/identity/entries.ts'
import { choosePassword, setUserPassword } from '#core/identity/people.ts'
import { revokeSessions } from '#core/identity/sessions.ts'
import { azureCliAppId } from '#core/identity/sign-in-clients.ts'
import type { House } from './testing/house.ts'
import { type Nodes, openNodes } from './testing/nodes.ts'

const postgres = needs('PostgreSQL', findPostgres)
const version = 'api-version=7.4'

describe('two nodes on one PostgreSQL', { skip: postgres.skip }, () => {
  let database: TestPostgres
  let nodes: Nodes
  let one: House
  let two: House
  before(async () => {
    database = await startPostgres()
    nodes = await openNodes(database.url())
    one = nodes.one
    two = nodes.two
  })
  after(async () => {
    await nodes?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  it('are one installation: what one takes, the other gives, with either’s token', async () => {
    const token = await one.developerToken()
    const made = await one.ask(one.vaultHost, 'PUT', `/secrets/shared?${version}`, {
      token,
      body: { value: 'from one' },
    })
    assert.equal(made.status, 200)
    for (const bearer of [token, await two.developerToken()]) {
      const heard = await two.ask(two.vaultHost, 'GET', `/secrets/shared?${version}`, { token: bearer })
      assert.equal(heard.json.value, 'from one')
    }
  })

  it('hold to a grant and a revocation that the other answered, from that moment (P6)', async () => {
    const reader = await one.newcomer('reader')
    const token = await reader.token()
    const get = async (node: House) =>
      (await node.ask(node.vaultHost, 'GET', `/secrets/shared?${version}`, { token })).status
    const scope = `/subscriptions/${one.cardea.installation.subscription}`
    for (let round = 0; round < 20; round += 1) {
      const [granting, other] = round % 2 === 0 ? [one, two] : [two, one]
      assert.equal(await get(other), 403)
      const revoke = await granting.assign(reader.principal, builtInRoles.keyVaultSecretsUser, scope)
      assert.equal(await get(other), 200)
      await revoke()
      assert.equal(await get(other), 403)
    }
  })

  it('hold to a removed secret, a changed password and an ended session that the other answered (P6)', async () => {
    const { base, installation } = one.cardea
    const scope = `/subscriptions/${installation.subscription}`
    const at = (node: House, token: string) => node.ask(node.vaultHost, 'GET', `/secrets?${version}`, { token })
    const statusAt = async (node: House, token: string) => (await at(node, token)).status
    const form = async (node: House, fields: Record<string, string>) =>
      (
        await node.ask(node.loginHost, 'POST', '/adfs/oauth2/v2.0/token', {
          body: new URLSearchParams({ scope: 'https://vault.cardea.internal/.default', ...fields }).toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        })
      ).json.access_token as string
    const application = await one.newcomer('loses a secret')
    await one.assign(application.principal, builtInRoles.keyVaultSecretsUser, scope)
    const { objectId, appId } = application.principal
    const person = await base.database.write((turn) =>
      enter(turn, base.keyring, {
        appId: '',
        kind: 'user',
        name: 'A person',
        enabled: true,
        userPrincipalName: 'person@cardea.internal',
        details: {},
      }),
    )
    await one.assign(person, builtInRoles.keyVaultSecretsUser, scope)
    for (let round = 0; round < 20; round += 1) {
      const [ending, other] = round % 2 === 0 ? [one, two] : [two, one]
      const write = ending.cardea.base.database.write.bind(ending.cardea.base.database)
      const { keyring } = ending.cardea.base
      const secret = `secret of round ${round}`
      const term = { name: secret, ends: Date.now() + 3_600_000 }
      const credential = await write((turn) => addPassword(turn, keyring, application.principal, secret, term))
      await write(async (turn) => setUserPassword(turn, keyring, person.objectId, await choosePassword(secret)))
      const byApplication = { grant_type: 'client_credentials', client_id: appId, client_secret: secret }
      const byPerson = {
        grant_type: 'password',
        client_id: azureCliAppId,
        username: 'person@cardea.internal',
        password: secret,
      }
      const tokens = [await form(other, byApplication), await form(other, byPerson)] as const
      assert.deepEqual([await statusAt(other, tokens[0]), await statusAt(other, tokens[1])], [200, 200])
      await write((turn) => dropCredential(turn, objectId, credential))
      assert.equal(await statusAt(other, tokens[0]), 401)
      if (round % 4 < 2)
        await write(async (turn) =>
          setUserPassword(turn, keyring, person.objectId, await choosePassword('another one')),
        )
      else await write((turn) => revokeSessions(turn, person.objectId))
      assert.equal(await statusAt(other, tokens[1]), 401)
    }
  })

  it('take an assertion from one network, whichever of them it was sent to first', async () => {
    const used = { issuer: 'an application', id: 'one', assertion: 'a.b.c', ends: Date.now() + 600_000 }
    const may = (node: House, address: string) =>
      node.cardea.base.database.write((turn) => mayUseAssertion(turn, node.cardea.base.keyring, { ...used, address }))
    assert.equal(await may(one, '10.0.0.1'), true)
    assert.equal(await may(two, '10.0.0.1'), true)
    assert.equal(await may(two, '10.0.0.2'), false)
  })

  it('write the same name at the same time without losing a version or a number of the journal', async () => {
    const token = await one.developerToken()
    const puts = Array.from({ length: 60 }, (_, index) => {
      const node = index % 2 === 0 ? one : two
      return node.ask(node.vaultHost, 'PUT', `/secrets/contested?${version}`, { token, body: { value: String(index) } })
    })
    const heard = await Promise.all(puts)
    assert.ok(heard.every(({ status }) => status === 200))
    const { rows } = await one.cardea.base.database.read.run(
      "select count(*) as n from secret_version where name_key = 'contested'",
      [],
    )
    assert.equal((rows[0] as { n: number }).n, 60)
    const journal = await one.cardea.base.database.read.run(
      'select min(sequence) as first, max(sequence) as last, count(*) as n from change',
      [],
    )
    const { first, last, n } = journal.rows[0] as { first: number; last: number; n: number }
    assert.equal(last - first + 1, n)
  })

  it('show on the other node what a sync token of the one stands for, and page through one state', async () => {
    const token = await one.developerToken(`https://${one.storeHost}`)
    const path = (key: string) => `/kv/${key}?api-version=2023-11-01`
    for (let round = 0; round < 30; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [one, two] : [two, one]
      const body = { value: String(round) }
      const written = await writer.ask(writer.storeHost, 'PUT', path('synced'), { token, body })
      const [pair = '', number = ''] = String(written.headers['sync-token']).split(';sn=')
      const heard = await reader.ask(reader.storeHost, 'GET', path('synced'), {
        token,
        headers: { 'sync-token': pair },
      })
      assert.equal(heard.json.value, String(round))
      assert.ok(Number(number) > 0)
    }
    await Promise.all(
      Array.from({ length: 120 }, (_, index) =>
        one.ask(one.storeHost, 'PUT', path(`paged/${1000 + index}`), { token, body: { value: 'v' } }),
      ),
    )
    const first = await one.ask(one.storeHost, 'GET', '/kv?api-version=2023-11-01&key=paged/*', { token })
    await two.ask(two.storeHost, 'PUT', path('paged/1110'), { token, body: { value: 'w' } })
    await two.ask(two.storeHost, 'DELETE', path('paged/1111'), { token })
    const second = await two.ask(two.storeHost, 'GET', first.json['@nextLink'], { token })
    const items = [...first.json.items, ...second.json.items] as { value: string }[]
    assert.equal(items.length, 120)
    assert.ok(items.every(({ value }) => value === 'v'))
  })

  it('answer everybody while a stranger sends names that the database takes for no text', async () => {
    const token = await one.developerToken()
    const stranger = await (await one.newcomer('sender of odd names')).token()
    await one.ask(one.vaultHost, 'PUT', `/secrets/calm?${version}`, { token, body: { value: 'v' } })
    const odd = () => one.ask(one.vaultHost, 'GET', `/secrets/a%00?${version}`, { token: stranger })
    const honest = () => one.ask(one.vaultHost, 'GET', `/secrets/calm?${version}`, { token })
    for (let round = 0; round < 20; round += 1) {
      const [strange, ...heard] = await Promise.all([odd(), honest(), honest(), honest(), honest()])
      assert.equal(strange?.status, 403)
      assert.deepEqual(
        heard.map(({ status }) => status),
        [200, 200, 200, 200],
      )
    }
    const body = { value: 'v', contentType: 'a\u0000b' }
    assert.equal((await one.ask(one.vaultHost, 'PUT', `/secrets/calm?${version}`, { token, body })).status, 400)
  })

  it('go on after a failover that lost the last changes, and take nothing new for what was lost', async () => {
    const { base, installation } = one.cardea
    const token = await one.developerToken()
    const reader = await one.newcomer('whose grant is lost')
    const bearer = await reader.token()
    const reads = async (node: House) =>
      (await node.ask(node.vaultHost, 'GET', `/secrets/shared?${version}`, { token: bearer })).status
    const scope = `/subscriptions/${installation.subscription}`
    const typed = async (...statements: string[]) => {
      const client = new pg.Client(database.url())
      await client.connect()
      for (const text of statements) await client.query(text)
      await client.end()
    }
    await one.assign(reader.principal, builtInRoles.keyVaultSecretsUser, scope)
    assert.deepEqual(await Promise.all([one, two].map(reads)), [200, 200])
    const { epoch } = base.database

    // What a standby that was behind would show: the grant isn't there, and the numbers are those from before it.
    await typed(
      `delete from role_assignment where principal = '${reader.principal.objectId}'`,
      'update head set epoch = epoch - 1',
    )
    await base.database.write(async (turn) => turn.changeAccess())
    assert.ok(base.database.epoch > epoch)
    assert.deepEqual(await Promise.all([one, two].map(reads)), [403, 403])

    await typed('update head set epoch = epoch - 3, sequence = sequence - 3')
    for (const node of [two, one]) {
      const heard = await node.ask(node.vaultHost, 'GET', `/secrets/shared?${version}`, { token })
      assert.equal(heard.status, 200)
      const put = await node.ask(node.vaultHost, 'PUT', `/secrets/after?${version}`, { token, body: { value: 'x' } })
      assert.equal(put.status, 200)
    }
  })

  it('answer 503 while the database is gone, lose nothing, and go on when it is back', async () => {
    const token = await one.developerToken()
    const put = (value: string) =>
      one.ask(one.vaultHost, 'PUT', `/secrets/outage?${version}`, { token, body: { value } })
    assert.equal((await put('before')).status, 200)
    await database.kill()
    const refused = await put('during')
    assert.equal(refused.status, 503)
    assert.equal(refused.json.error.code, 'ServiceUnavailable')
    assert.equal((await one.ask(one.vaultHost, 'GET', `/secrets/outage?${version}`, { token })).status, 503)
    assert.equal((await one.ask(one.vaultHost, 'GET', '/.cardea/ready')).status, 503)
    assert.equal((await one.ask(one.vaultHost, 'GET', '/.cardea/health')).status, 200)
    await database.restart()
    for (const node of [one, two]) {
      for (let tries = 0; (await node.ask(node.vaultHost, 'GET', '/.cardea/ready')).status !== 200; tries += 1) {
        assert.ok(tries < 100, 'the node did not come back')
        await wait(100)
      }
      const heard = await node.ask(node.vaultHost, 'GET', `/secrets/outage?${version}`, { token })
      assert.equal(heard.json.value, 'before')
    }
    assert.equal((await put('after')).status, 200)
  })
})
