import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { openHouse } from '../../testing/house.ts'
import { asking, newest, versionOf } from './testing/vault.ts'

// The clock stands still: all is done at one moment, and its order is still known.
const now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken()
const { ask, set } = asking(house, token)

describe('the journal of deeds', () => {
  it('has a record of each attempt, allowed, refused and failed, and never a value', async () => {
    const numbered = (number: string, options: { token?: string; method?: string; path?: string; body?: unknown }) =>
      house.ask(house.vaultHost, options.method ?? 'GET', `${options.path ?? '/secrets/journal'}?${newest}`, {
        token: options.token,
        body: options.body,
        headers: { 'x-ms-client-request-id': number },
      })
    const value = 'the-value-that-must-not-be-told'
    await numbered('set', { token, method: 'PUT', body: { value } })
    await numbered('get', { token })
    await numbered('missing', { token, path: '/secrets/not-there' })
    await numbered('anonymous', {})
    await numbered('wrong', { token, method: 'PUT', body: { value: 1 } })
    const deeds = (await house.deeds()).filter(({ correlation }) =>
      ['set', 'get', 'missing', 'anonymous', 'wrong'].includes(correlation),
    )
    assert.deepEqual(
      deeds.map(({ correlation, operation, outcome }) => `${correlation}: ${operation} ${outcome}`),
      [
        'set: SecretSet done',
        'get: SecretGet done',
        'missing: SecretGet not-found',
        'anonymous: SecretGet unauthenticated',
        'wrong: SecretSet invalid',
      ],
    )
    const { rows } = await house.cardea.base.database.read.run('select * from audit', [])
    assert.equal(JSON.stringify(rows).includes(value), false)
  })

  it('names the version that was changed, whether the caller named one or not', async () => {
    const first = versionOf(await set('changed', 'one'))
    const second = versionOf(await set('changed', 'two'))
    const change = (path: string) => ask('PATCH', path, { attributes: { enabled: false } })
    assert.equal((await change(`/secrets/changed/${first}`)).status, 200)
    assert.equal((await change('/secrets/changed')).status, 200)
    const changed = (await house.deeds()).filter(({ operation }) => operation === 'SecretUpdate').slice(-2)
    assert.deepEqual(
      changed.map(({ resource }) => resource.split('/').slice(-2).join('/')),
      [`changed/${first}`, `changed/${second}`],
    )
  })

  it('has one line for each attempt, whatever was sent as a name', async () => {
    const stranger = await (await house.newcomer('sender of odd names')).token()
    for (const name of ['a%00', 'a%0ab', 'a%0d%0aSecretGet%20done', '%ed%a0%80', 'x'.repeat(500), '%E2%80%A8']) {
      const heard = await house.ask(house.vaultHost, 'GET', `/secrets/${name}?${newest}`, { token: stranger })
      assert.ok([400, 403].includes(heard.status), `${name}: ${heard.status}`)
    }
    for (const { resource } of await house.deeds()) assert.match(resource, /^[\x20-\x7e]{1,1200}$/)
  })

  it('must take an entry before a read is answered (P1)', async () => {
    await set('unaudited', 'v')
    const { database } = house.cardea.base
    await database.write(({ sql }) => sql.run('alter table audit_turn rename to audit_away', []))
    const heard = await ask('GET', '/secrets/unaudited')
    const listed = await ask('GET', '/secrets')
    const anonymous = await house.ask(house.vaultHost, 'GET', '/secrets/unaudited')
    await database.write(({ sql }) => sql.run('alter table audit_away rename to audit_turn', []))
    assert.deepEqual([heard.status, listed.status, anonymous.status], [503, 503, 503])
    assert.equal(heard.text.includes('"v"'), false)
    assert.equal((await ask('GET', '/secrets/unaudited')).status, 200)
  })
})
