import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import type { Turn } from '#base/database.ts'
import { openHouse } from '../../testing/house.ts'
import { joinPrincipal, registerApplication } from './applications.ts'
import { addPassword, dropCredential, passwordOutcome, principalByApp, principalById, register } from './directory.ts'
import { entriesAfter } from './entries.ts'
import { federatedCredentialsOf, keepFederated } from './federated-credentials.ts'
import { allMembersOf, groupsOf, join, leave } from './membership.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())

const turn = <T>(work: (turn: Turn) => Promise<T>): Promise<T> => house.cardea.base.database.write(work)
const read = () => house.cardea.base.database.read
const ring = () => house.cardea.base.keyring
const newGroup = (name: string) => turn((now) => register(now, ring(), { name, kind: 'group', appId: '' }))
const draft = {
  name: 'deploys',
  issuer: 'https://tokens.example.org',
  subject: 'repo:house/door:ref:refs/heads/main',
  audiences: ['api://AzureADTokenExchange'],
  description: '',
}

describe('a principal', () => {
  it('whose row was changed by hand is nobody, and ends no list before its end', async () => {
    for (const name of ['first', 'second', 'third']) await newGroup(name)
    const some = (limit: number) => entriesAfter(read(), ring(), ['group'], '', limit)
    const [first, ...others] = await some(100)
    assert.ok(first !== undefined && others.length >= 2)
    await turn((now) => now.sql.run(`update principal set app_id = 'x' where object_id = '${first.objectId}'`, []))
    assert.deepEqual(await some(100), others)
    assert.deepEqual(await some(1), others.slice(0, 1))
    assert.equal(await principalById(read(), ring(), first.objectId), undefined)
    assert.equal(await principalByApp(read(), ring(), 'x'), undefined)
  })
})

describe('belonging to a group', () => {
  it('gives what the group may do, also by way of other groups, and takes it in the next request', async () => {
    const app = await house.newcomer('a member')
    const [inner, outer] = [await newGroup('inner'), await newGroup('outer')]
    const token = await app.token()
    const ask = () => house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token })
    await house.assign(outer, builtInRoles.keyVaultSecretsUser, '/')
    assert.equal((await ask()).status, 403)
    await turn((now) => join(now, ring(), inner.objectId, app.principal.objectId))
    await turn((now) => join(now, ring(), outer.objectId, inner.objectId))
    assert.equal((await ask()).status, 200)
    await turn((now) => leave(now, outer.objectId, inner.objectId))
    assert.equal((await ask()).status, 403)
  })

  it('comes to an end where groups contain each other', async () => {
    const [one, two] = [await newGroup('one'), await newGroup('two')]
    await turn((now) => join(now, ring(), one.objectId, two.objectId))
    await turn((now) => join(now, ring(), two.objectId, one.objectId))
    const both = [one.objectId, two.objectId].sort()
    assert.deepEqual(await groupsOf(read(), ring(), one.objectId), both)
    assert.deepEqual(await allMembersOf(read(), ring(), one.objectId), both)
  })

  it('is nothing that a row typed by hand can bring about', async () => {
    const [group, other] = [await newGroup('proven'), await newGroup('moved')]
    const { principal } = await house.newcomer('typed in')
    await turn((now) => join(now, ring(), group.objectId, principal.objectId))
    await turn(async (now) => {
      await now.sql.run(
        `update membership set container = '${other.objectId}' where container = '${group.objectId}'`,
        [],
      )
      now.changeAccess()
    })
    assert.deepEqual(await groupsOf(read(), ring(), principal.objectId), [])
  })
})

describe('a credential that is taken away', () => {
  it('ends the tokens that were made on its word, and no others', async () => {
    const app = await house.newcomer('with two passwords')
    await house.assign(app.principal, builtInRoles.keyVaultSecretsUser, '/')
    const first = await app.token()
    const second = `second-${randomUUID()}`
    await turn((now) => addPassword(now, ring(), app.principal, second, { name: 'second', ends: now.at + 86_400_000 }))
    const outcome = await passwordOutcome(read(), ring(), app.principal, app.password, house.cardea.base.clock())
    assert.ok(typeof outcome === 'object')
    const ask = (token: string) => house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token })
    assert.equal((await ask(first)).status, 200)
    assert.equal(await turn((now) => dropCredential(now, app.principal.objectId, outcome.credential)), true)
    const refused = await ask(first)
    assert.equal(refused.status, 401)
    assert.match(refused.headers['www-authenticate'] ?? '', /^Bearer /)
    await assert.rejects(app.token(), /7000215/)
    const other = await passwordOutcome(read(), ring(), app.principal, second, house.cardea.base.clock())
    assert.ok(typeof other === 'object')
  })

  it('is taken from nobody else by its id', async () => {
    const [one, two] = [await house.newcomer('one'), await house.newcomer('two')]
    const id = await turn((now) => addPassword(now, ring(), one.principal, 'theirs', { name: '', ends: now.at + 1000 }))
    assert.equal(await turn((now) => dropCredential(now, two.principal.objectId, id)), false)
  })
})

describe('an application', () => {
  it('proves, by its credentials, the principal that stands for it and nobody else', async () => {
    const [mine, theirs] = [await house.newcomer('mine'), await house.newcomer('theirs')]
    const application = await turn(async (now) => {
      const made = await registerApplication(now, ring(), { name: 'mine', identifierUris: [], details: {} })
      await joinPrincipal(now, ring(), made.objectId, mine.principal.objectId)
      await addPassword(now, ring(), made, 'of the application', { name: '', ends: now.at + 60_000 })
      await keepFederated(now, ring(), made.objectId, draft)
      return made
    })
    const outcome = (of: typeof mine) =>
      passwordOutcome(read(), ring(), of.principal, 'of the application', house.cardea.base.clock())
    assert.ok(typeof (await outcome(mine)) === 'object')
    assert.equal((await federatedCredentialsOf(read(), ring(), mine.principal.objectId)).length, 1)
    await turn((now) =>
      now.sql.run(
        `update application set principal = '${theirs.principal.objectId}' where id = '${application.objectId}'`,
        [],
      ),
    )
    assert.equal(await outcome(theirs), 'wrong')
    assert.deepEqual(await federatedCredentialsOf(read(), ring(), theirs.principal.objectId), [])
  })
})

describe('a federated credential', () => {
  it('names one issuer, one subject and one audience, never a pattern', async () => {
    const { principal } = await house.newcomer('federated')
    const keep = (part: object) => turn((now) => keepFederated(now, ring(), principal.objectId, { ...draft, ...part }))
    const wrong = [
      { issuer: 'http://tokens.example.org' },
      { issuer: 'https://tokens.example.org?x=1' },
      { issuer: 'https://*.example.org' },
      { issuer: 'https://user@tokens.example.org' },
      { issuer: 'not an address' },
      { subject: 'repo:house/*' },
      { subject: 'repo:house/door?' },
      { subject: '' },
      { subject: ' repo' },
      { subject: 'repo\nother' },
      { subject: 'x'.repeat(601) },
      { audiences: [] },
      { audiences: ['*'] },
      { audiences: ['one', 'two'] },
      { name: 'a b' },
      { name: '../x' },
    ]
    for (const part of wrong) await assert.rejects(keep(part), { code: 'invalid' }, JSON.stringify(part))
    await keep({})
    await assert.rejects(keep({ name: 'Deploys', subject: 'other' }), { code: 'conflict' })
    await assert.rejects(keep({ name: 'other' }), { code: 'conflict' })
  })

  it('is kept at most twenty times for one holder', async () => {
    const { principal } = await house.newcomer('much federated')
    for (let index = 0; index < 20; index += 1) {
      const one = { ...draft, name: `number-${index}`, subject: `number ${index}` }
      await turn((now) => keepFederated(now, ring(), principal.objectId, one))
    }
    await assert.rejects(
      turn((now) => keepFederated(now, ring(), principal.objectId, draft)),
      { code: 'invalid' },
    )
  })

  it('counts for nothing when its row was changed by hand', async () => {
    const { principal } = await house.newcomer('changed')
    await turn((now) => keepFederated(now, ring(), principal.objectId, draft))
    const held = () => federatedCredentialsOf(read(), ring(), principal.objectId)
    assert.deepEqual(
      (await held()).map(({ issuer, subject }) => [issuer, subject]),
      [[draft.issuer, draft.subject]],
    )
    for (const column of ['issuer', 'subject', 'audiences']) {
      await turn(async (now) => {
        const { rows } = await now.sql.run(
          `select ${column} as was from federated_credential where principal = '${principal.objectId}'`,
          [],
        )
        const { was } = rows[0] as { was: string }
        const set = (value: string) =>
          now.sql.run(
            `update federated_credential set ${column} = '${value}' where principal = '${principal.objectId}'`,
            [],
          )
        await set('["https://evil.example.org"]')
        assert.deepEqual(await federatedCredentialsOf(now.sql, ring(), principal.objectId), [], column)
        await set(was)
      })
    }
    assert.equal((await held()).length, 1)
  })
})
