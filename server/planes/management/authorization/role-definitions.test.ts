import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { openHouse } from '../../../testing/house.ts'
import { managementAudience } from '../testing/manager.ts'
import { assignments, code, definitions, placesOf, rolesOf } from '../testing/roles.ts'

const { keyVaultDataAccessAdministrator, keyVaultSecretsUser, owner, reader } = builtInRoles

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken(managementAudience)
const { subscription, group, vault } = await placesOf(house)

const { ask, assign, read, somebody } = rolesOf(() => ({ house, token }))

describe('a role definition', () => {
  const custom = (name: string, more: object = {}) => ({
    properties: {
      roleName: name,
      description: 'ours',
      permissions: [{ actions: [], dataActions: ['Microsoft.KeyVault/vaults/secrets/get*/action'] }],
      assignableScopes: [group],
      ...more,
    },
  })
  const put = (id: string, body: object, by = token) =>
    ask('PUT', `${definitions(subscription)}/${id}`, { token: by, body })

  it('of Azure stands under its id and its name, with its lists', async () => {
    const found = await ask(
      'GET',
      `${definitions(vault)}?$filter=${encodeURIComponent("roleName eq 'Key Vault Secrets User'")}`,
    )
    assert.equal(found.json.value.length, 1)
    const [definition] = found.json.value
    assert.equal(definition.name, '4633458b-17de-408a-b874-0445c86b69e6')
    assert.equal(definition.properties.type, 'BuiltInRole')
    assert.deepEqual(definition.properties.assignableScopes, ['/'])
    assert.deepEqual(definition.properties.permissions[0].dataActions, keyVaultSecretsUser.dataActions)
    const all = await ask('GET', definitions(subscription))
    assert.equal(all.json.value.length, Object.keys(builtInRoles).length)
    assert.equal((await ask('GET', `${definitions('/')}/${owner.id}`)).json.properties.roleName, 'Owner')
    const constrained = await ask('GET', `${definitions('/')}/${keyVaultDataAccessAdministrator.id}`)
    assert.equal(constrained.json.properties.permissions[0].conditionVersion, '2.0')
    const built = await put(owner.id, custom('Mine'))
    assert.equal(built.status, 403)
    assert.equal((await ask('DELETE', `${definitions(subscription)}/${owner.id}`)).status, 403)
  })

  it('of one’s own allows what it says, where it may be assigned, from one answer to the next', async () => {
    const id = randomUUID()
    const made = await put(id, custom('Orders Reader'))
    assert.equal(made.status, 201, made.text)
    assert.equal(made.json.properties.type, 'CustomRole')
    const { newcomer, id: who } = await somebody()
    assert.equal((await assign(who, { id }, { scope: vault })).status, 201)
    assert.equal((await read(newcomer)).status, 200)
    assert.equal((await read(newcomer, '/secrets')).status, 403)
    assert.equal((await assign(who, { id }, { scope: subscription })).status, 400)
    const listing = {
      permissions: [{ dataActions: ['microsoft.keyvault/VAULTS/secrets/*'], notDataActions: ['*/getSecret/*'] }],
    }
    assert.equal((await put(id, custom('Orders Reader', listing))).status, 201)
    assert.equal((await read(newcomer)).status, 403)
    assert.equal((await read(newcomer, '/secrets')).status, 200)
    const used = await ask('DELETE', `${definitions(subscription)}/${id}`)
    assert.deepEqual([used.status, code(used)], [400, 'RoleDefinitionHasAssignments'])
    assert.equal((await put(id, custom('Orders Reader', { assignableScopes: [`${vault}/secrets/a`] }))).status, 400)
    for (const one of (await ask('GET', `${assignments(vault)}?$filter=principalId%20eq%20'${who}'`)).json.value) {
      assert.equal((await ask('DELETE', one.id)).status, 200)
    }
    assert.equal((await ask('DELETE', `${definitions(subscription)}/${id}`)).status, 200)
    assert.equal((await ask('DELETE', `${definitions(subscription)}/${id}`)).status, 204)
    assert.equal((await ask('GET', `${definitions(subscription)}/${id}`)).status, 404)
  })

  it('has a name of its own, however it is spelled', async () => {
    await put(randomUUID(), custom('Leser der Aufträge'))
    for (const name of [
      'LESER DER AUFTRÄGE',
      'Leser der Auftra\u0308ge',
      'Leser  der Aufträge ',
      'Owner',
      'ｏｗｎｅｒ',
    ]) {
      const taken = await put(randomUUID(), custom(name))
      assert.deepEqual([taken.status, code(taken)], [409, 'RoleDefinitionWithSameNameExists'], name)
    }
    for (const name of ['', ' ', 'a\nb', 'a\u200bb', 'a\u202eb', 'x'.repeat(513)]) {
      assert.equal((await put(randomUUID(), custom(name))).status, 400, JSON.stringify(name))
    }
  })

  it('is refused when its lists or scopes say nothing, or too much', async () => {
    for (const more of [
      { permissions: [] },
      { permissions: [{}] },
      { permissions: [{ actions: ['*'] }, { actions: ['*'] }] },
      { permissions: [{ actions: ['read everything'] }] },
      { permissions: [{ actions: ["'; drop table role_definition"] }] },
      { permissions: [{ actions: ['*'], condition: 'x' }] },
      { assignableScopes: [] },
      { assignableScopes: ['/'] },
    ]) {
      assert.equal((await put(randomUUID(), custom('Odd', more))).status, 400, JSON.stringify(more))
    }
    for (const scope of ['*', '/subscriptions/*', `${group}/..`, `${subscription}/resourceGroups/none`, 'x']) {
      assert.equal((await put(randomUUID(), custom('Odd', { assignableScopes: [scope] }))).status, 404, scope)
    }
  })

  it('takes the right to write roles at all its scopes, and isn’t a way to give oneself more', async () => {
    const { id: who, manages } = await somebody('owner of one vault')
    await assign(who, owner, { scope: vault })
    assert.equal((await put(randomUUID(), custom('Wide'), manages)).status, 403)
    const at = (id: string, body: object) => ask('PUT', `${definitions(vault)}/${id}`, { token: manages, body })
    assert.equal((await at(randomUUID(), custom('Wide'))).status, 403)
    assert.equal((await at(randomUUID(), custom('Narrow', { assignableScopes: [vault] }))).status, 201)
    const wide = randomUUID()
    await put(wide, custom('Widely assigned'))
    await assign(who, { id: wide }, { scope: group })
    assert.equal((await at(wide, custom('Widely assigned', { assignableScopes: [vault] }))).status, 403)
    const writer = randomUUID()
    const writes = { permissions: [{ actions: ['Microsoft.Authorization/roleDefinitions/*'] }] }
    await put(writer, custom('Role Writer', writes))
    const clerk = await somebody('clerk')
    await assign(clerk.id, { id: writer }, { scope: group })
    const everything = custom('Role Writer', {
      permissions: [{ actions: ['*'], dataActions: ['Microsoft.KeyVault/*'] }],
    })
    const grasp = await ask('PUT', `${definitions(group)}/${writer}`, { token: clerk.manages, body: everything })
    assert.equal(grasp.status, 403)
  })

  it('of another group or vault is told to nobody who asks by its id where they may look', async () => {
    const other = `${subscription}/resourceGroups/elsewhere`
    assert.ok((await ask('PUT', other, { body: { location: 'local' } })).status < 300)
    const [theirs, wide, narrow] = [randomUUID(), randomUUID(), randomUUID()]
    assert.equal((await put(theirs, custom('Elsewhere', { assignableScopes: [other] }))).status, 201)
    assert.equal((await put(wide, custom('Everywhere', { assignableScopes: [subscription] }))).status, 201)
    assert.equal((await put(narrow, custom('In the vault', { assignableScopes: [vault] }))).status, 201)
    const { id: who, manages } = await somebody('reader of one group')
    await assign(who, reader, { scope: group })
    const seen = async (id: string, scope: string) =>
      (await ask('GET', `${definitions(scope)}/${id}`, { token: manages })).status
    for (const scope of [group, vault]) assert.equal(await seen(theirs, scope), 404, scope)
    for (const scope of [subscription, other, '/']) assert.equal(await seen(theirs, scope), 403, scope)
    for (const id of [wide, narrow, owner.id]) assert.equal(await seen(id, group), 200, id)
    assert.equal(await seen(wide, `${group}/providers/Microsoft.KeyVault/vaults/none`), 404)
    assert.equal((await ask('GET', `${definitions(subscription)}/${theirs}`)).status, 200)
  })

  it('of another group can be neither changed nor deleted from here, and the refusal doesn’t say where it is', async () => {
    const other = `${subscription}/resourceGroups/far-away`
    assert.ok((await ask('PUT', other, { body: { location: 'local' } })).status < 300)
    const theirs = randomUUID()
    assert.equal((await put(theirs, custom('Far away', { assignableScopes: [other, group] }))).status, 201)
    const hidden = randomUUID()
    assert.equal((await put(hidden, custom('Hidden', { assignableScopes: [other] }))).status, 201)
    const { id: who, manages } = await somebody('owner of one group')
    await assign(who, owner, { scope: group })
    for (const id of [theirs, hidden]) {
      const path = `${definitions(group)}/${id}`
      const changed = await ask('PUT', path, { token: manages, body: custom('Mine now') })
      const deleted = await ask('DELETE', path, { token: manages })
      for (const { status, text } of [changed, deleted]) {
        assert.equal(status, 403)
        assert.doesNotMatch(text, /far-away/i)
      }
      assert.equal((await ask('GET', `${definitions(subscription)}/${id}`)).status, 200)
    }
    const taken = await assign(who, { id: hidden }, { scope: group, token: manages })
    assert.deepEqual([taken.status, code(taken)], [400, 'RoleDefinitionNotAssignableAtScope'])
    assert.doesNotMatch(taken.text, /Hidden/)
    const reaching = custom('Mine', { assignableScopes: [group, other] })
    const refused = await ask('PUT', `${definitions(group)}/${randomUUID()}`, { token: manages, body: reaching })
    assert.equal(refused.status, 403)
    assert.match(refused.text, /far-away/, 'the scope that they named themselves is told')
  })

  it('that is typed into the database allows nothing', async () => {
    const { newcomer, id: who } = await somebody()
    const id = randomUUID()
    await put(id, custom('Harmless', { permissions: [{ actions: ['Microsoft.KeyVault/vaults/read'] }] }))
    await assign(who, { id })
    await house.cardea.base.database.write(async (turn) => {
      const lists = '{"actions":[],"notActions":[],"dataActions":["*"],"notDataActions":[]}'
      await turn.sql.run(`update role_definition set lists = '${lists}' where id = '${id}'`, [])
      turn.changeAccess()
    })
    assert.equal((await read(newcomer)).status, 403)
  })
})
