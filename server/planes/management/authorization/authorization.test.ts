import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { register } from '#core/identity/directory.ts'
import { openHouse } from '../../../testing/house.ts'
import { managementAudience, managementHost } from '../testing/manager.ts'
import { assignments, code, placesOf, rolesOf, version } from '../testing/roles.ts'

const {
  contributor,
  keyVaultAdministrator,
  keyVaultDataAccessAdministrator,
  keyVaultSecretsOfficer,
  keyVaultSecretsUser,
  owner,
  reader,
  roleBasedAccessControlAdministrator,
} = builtInRoles

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken(managementAudience)
const { subscription, group, vault } = await placesOf(house)

const { ask, assign, read, somebody } = rolesOf(() => ({ house, token }))

describe('a role assignment', () => {
  it('is made, shown and taken away, and counts from one answer to the next', async () => {
    const { newcomer, id } = await somebody()
    const name = randomUUID()
    const more = { principalType: 'ServicePrincipal', description: 'reads the orders' }
    const made = await assign(id, keyVaultSecretsUser, { id: name, more })
    assert.equal(made.status, 201, made.text)
    assert.equal(made.json.id, `${assignments(vault)}/${name}`)
    assert.equal(made.json.name, name)
    const { properties } = made.json
    assert.equal(properties.principalId, id)
    assert.equal(properties.principalType, 'ServicePrincipal')
    assert.equal(properties.scope, vault)
    assert.equal(properties.description, 'reads the orders')
    assert.ok(properties.roleDefinitionId.endsWith(keyVaultSecretsUser.id))
    assert.match(properties.createdOn, /^\d{4}-/)
    assert.match(properties.createdBy, /^[0-9a-f-]{36}$/)
    assert.equal((await read(newcomer)).status, 200)
    assert.deepEqual((await ask('GET', `${assignments(vault)}/${name}`)).json, made.json)
    const gone = await ask('DELETE', `${assignments(vault)}/${name}`)
    assert.equal(gone.status, 200)
    assert.equal(gone.json.name, name)
    assert.equal((await read(newcomer)).status, 403)
    assert.equal((await ask('DELETE', `${assignments(vault)}/${name}`)).status, 204)
    const missing = await ask('GET', `${assignments(vault)}/${name}`)
    assert.deepEqual([missing.status, code(missing)], [404, 'RoleAssignmentNotFound'])
  })

  it('is given at the subscription, at a group, at a vault, and at one secret, also before there is one', async () => {
    for (const scope of [subscription, group, vault, `${vault}/secrets/orders-db`]) {
      const { newcomer, id } = await somebody()
      assert.equal((await assign(id, keyVaultSecretsUser, { scope })).status, 201, scope)
      assert.equal((await read(newcomer)).status, 200, scope)
      assert.equal((await read(newcomer, '/secrets/prod-db')).status, scope.includes('/secrets/') ? 403 : 200, scope)
    }
    const { newcomer, id } = await somebody()
    assert.equal((await assign(id, keyVaultSecretsUser, { scope: `${vault}/secrets/yet-to-come` })).status, 201)
    assert.equal((await read(newcomer, '/secrets/yet-to-come')).status, 404)
  })

  it('exists once: the same under a new id is 409 RoleAssignmentExists, under its own a change of its words', async () => {
    const { id } = await somebody()
    const name = randomUUID()
    await assign(id, keyVaultSecretsUser, { id: name })
    for (const scope of [vault, vault.toUpperCase().replace('/SUBSCRIPTIONS/', '/subscriptions/')]) {
      const again = await assign(id, keyVaultSecretsUser, { scope })
      assert.deepEqual([again.status, code(again)], [409, 'RoleAssignmentExists'], scope)
    }
    const renamed = await assign(id, keyVaultSecretsUser, { id: name, more: { description: 'better words' } })
    assert.equal(renamed.json.properties.description, 'better words')
    const other = await assign(id, keyVaultSecretsOfficer, { id: name })
    assert.deepEqual([other.status, code(other)], [409, 'RoleAssignmentUpdateNotPermitted'])
  })

  it('is made by one of two administrators who assign it at the same moment', async () => {
    const { id } = await somebody()
    const answers = await Promise.all(Array.from({ length: 8 }, () => assign(id, keyVaultSecretsUser)))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409, 409, 409, 409, 409, 409])
  })

  it('needs somebody, a role, and a place that there are', async () => {
    const { id } = await somebody()
    const nobody = await assign(randomUUID(), keyVaultSecretsUser)
    assert.deepEqual([nobody.status, code(nobody)], [400, 'PrincipalNotFound'])
    const nothing = await assign(id, { id: randomUUID() })
    assert.deepEqual([nothing.status, code(nothing)], [404, 'RoleDefinitionDoesNotExist'])
    for (const scope of [
      `${subscription}/resourceGroups/none`,
      `${group}/providers/Microsoft.KeyVault/vaults/none`,
      `${subscription}/resourceGroups/none/providers/Microsoft.KeyVault/vaults/demo`,
      `${group}/providers/Microsoft.Compute/virtualMachines/demo`,
      `${vault}/secrets/not_a_name`,
      `${vault}/tables/orders`,
    ]) {
      assert.equal((await assign(id, keyVaultSecretsUser, { scope })).status, 404, scope)
    }
    const elsewhere = `/subscriptions/${randomUUID()}`
    assert.ok([403, 404].includes((await assign(id, keyVaultSecretsUser, { scope: elsewhere })).status))
    const mismatched = await assign(id, keyVaultSecretsUser, { more: { principalType: 'Group' } })
    assert.deepEqual([mismatched.status, code(mismatched)], [400, 'UnmatchedPrincipalType'])
  })

  it('can’t be smuggled to another place or another holder by how a path or an id is spelled', async () => {
    const { id } = await somebody()
    for (const scope of [
      `${subscription}/resourceGroups/demo%2F..%2F..`,
      `${subscription}/resourceGroups/..`,
      `${subscription}/resourceGroups/%2e%2e`,
      `${subscription}/resourceGroups/*`,
      `${group}/providers/Microsoft.KeyVault/vaults/demo%2Fsecrets%2Forders-db`,
      `${group}/providers/Microsoft.KeyVault/vaults/*`,
      `${vault}/secrets/*`,
      `${vault}/secrets/..`,
      `${vault}/secrets/%2e%2e%2f%2e%2e`,
      `${vault}/secrets/o%00`,
    ]) {
      const { status } = await assign(id, keyVaultSecretsUser, { scope })
      assert.ok(status === 404 || status === 400, `${scope}: ${status}`)
    }
    for (const who of ['*', '', `${id}*`, ` ${id}`, `${id}' or '1'='1`, 'access-key:x']) {
      assert.equal((await assign(who, keyVaultSecretsUser)).status, 400, who)
    }
    for (const name of ['*', 'x', `${randomUUID()}x`]) {
      assert.equal((await assign(id, keyVaultSecretsUser, { id: name })).status, 400, name)
    }
    const foreign = await ask('PUT', `${assignments(vault)}/${randomUUID()}`, {
      body: {
        properties: {
          roleDefinitionId: `/subscriptions/${randomUUID()}/providers/Microsoft.Authorization/roleDefinitions/${owner.id}`,
          principalId: id,
        },
      },
    })
    assert.equal(foreign.status, 400)
    for (const body of [undefined, {}, { properties: null }, { properties: { principalId: id } }, [], 'x']) {
      assert.equal((await ask('PUT', `${assignments(vault)}/${randomUUID()}`, { body })).status, 400)
    }
  })

  it('is taken away only by the path of its own scope', async () => {
    const { newcomer, id, manages } = await somebody('a victim')
    const name = randomUUID()
    await assign(id, keyVaultSecretsUser, { id: name, scope: subscription })
    const other = await somebody('administrator of one secret')
    const small = `${vault}/secrets/orders-db`
    await assign(other.id, owner, { scope: small })
    assert.equal((await ask('DELETE', `${assignments(small)}/${name}`, { token: other.manages })).status, 204)
    assert.equal((await ask('DELETE', `${assignments(subscription)}/${name}`, { token: other.manages })).status, 403)
    assert.equal((await ask('DELETE', `${assignments(subscription)}/${name}`, { token: manages })).status, 403)
    assert.equal((await read(newcomer)).status, 200)
  })
})

describe('who may assign roles', () => {
  it('is not an Officer, who can’t make itself Administrator', async () => {
    const { id, manages } = await somebody('officer')
    await assign(id, keyVaultSecretsOfficer)
    const grasp = await assign(id, keyVaultAdministrator, { token: manages })
    assert.deepEqual([grasp.status, code(grasp)], [403, 'AuthorizationFailed'])
    assert.match(
      grasp.json.error.message,
      /perform action 'Microsoft\.Authorization\/roleAssignments\/write' over scope/,
    )
  })

  it('is not a Contributor or a Reader', async () => {
    for (const role of [contributor, reader]) {
      const { id, manages } = await somebody(role.name)
      await assign(id, role, { scope: subscription })
      assert.equal((await assign(id, keyVaultSecretsUser, { token: manages })).status, 403)
      assert.equal((await ask('GET', assignments(vault), { token: manages })).status, 200)
    }
  })

  it('assigns nothing above the scope of their own right', async () => {
    const { id, manages } = await somebody('owner of a vault')
    await assign(id, owner)
    assert.equal((await assign(id, keyVaultSecretsUser, { token: manages })).status, 201)
    assert.equal((await assign(id, keyVaultSecretsUser, { token: manages, scope: `${vault}/secrets/a` })).status, 201)
    for (const scope of [group, subscription, '/']) {
      assert.equal((await assign(id, keyVaultSecretsUser, { token: manages, scope })).status, 403, scope)
    }
  })

  it('assigns, as Key Vault Data Access Administrator, the data roles of vaults and no other', async () => {
    const { id, manages } = await somebody('data access administrator')
    await assign(id, keyVaultDataAccessAdministrator)
    const friend = await somebody('friend')
    const name = randomUUID()
    assert.equal((await assign(friend.id, keyVaultSecretsUser, { token: manages, id: name })).status, 201)
    for (const role of [owner, keyVaultDataAccessAdministrator, contributor]) {
      assert.equal((await assign(friend.id, role, { token: manages })).status, 403, role.name)
      const given = randomUUID()
      await assign(friend.id, role, { id: given })
      assert.equal((await ask('DELETE', `${assignments(vault)}/${given}`, { token: manages })).status, 403, role.name)
    }
    assert.equal((await ask('DELETE', `${assignments(vault)}/${name}`, { token: manages })).status, 200)
    assert.equal((await ask('GET', assignments(vault), { token: manages })).status, 200)
  })

  it('assigns what the condition on their own assignment leaves them, and can’t loosen it', async () => {
    const { id, manages } = await somebody('constrained administrator')
    const only = `@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${keyVaultSecretsUser.id}}`
    const toPrograms = `@Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'ServicePrincipal'`
    const condition = `(!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (${only} AND ${toPrograms})`
    const name = randomUUID()
    const more = { condition, conditionVersion: '2.0' }
    const given = await assign(id, roleBasedAccessControlAdministrator, { id: name, more })
    assert.equal(given.json.properties.condition, condition)
    assert.equal(given.json.properties.conditionVersion, '2.0')
    const friend = await somebody('friend')
    assert.equal((await assign(friend.id, keyVaultSecretsUser, { token: manages })).status, 201)
    assert.equal((await assign(friend.id, keyVaultSecretsOfficer, { token: manages })).status, 403)
    const loosened = await assign(id, roleBasedAccessControlAdministrator, { id: name, token: manages })
    assert.equal(loosened.status, 403)
    const team = await house.cardea.base.database.write((turn) =>
      register(turn, house.cardea.base.keyring, { name: 'team', kind: 'group', appId: '' }),
    )
    assert.equal((await assign(team.objectId, keyVaultSecretsUser, { token: manages })).status, 403)
  })

  it('doesn’t rule the directory by that: only who holds rights there passes them on', async () => {
    const { id, manages } = await somebody('owner of everything')
    await assign(id, owner, { scope: '/' })
    assert.equal((await assign(id, builtInRoles.globalAdministrator, { scope: '/', token: manages })).status, 403)
    assert.equal((await assign(id, builtInRoles.directoryReaders, { scope: '/', token: manages })).status, 403)
    assert.equal((await assign(id, builtInRoles.directoryReaders, { scope: '/' })).status, 201)
  })

  it('is always somebody: the last assignment by which roles can be assigned stays', async () => {
    await using alone = await openHouse()
    const own = await alone.developerToken(managementAudience)
    const top = `/subscriptions/${alone.cardea.installation.subscription}`
    const list = await alone.ask(managementHost, 'GET', `${assignments(top)}?${version}&$filter=atScope()`, {
      token: own,
    })
    type Listed = { id: string; properties: { roleDefinitionId: string } }
    const of = ({ id }: { id: string }) =>
      (list.json.value as Listed[]).find(({ properties }) => properties.roleDefinitionId.endsWith(id))?.id as string
    const drop = (id: string) => alone.ask(managementHost, 'DELETE', `${id}?${version}`, { token: own })
    assert.equal((await drop(of(owner))).status, 200)
    const last = await drop(of(builtInRoles.userAccessAdministrator))
    assert.deepEqual([last.status, code(last)], [409, 'CannotDeleteLastRbacAdminRoleAssignment'])
  })
})

describe('a condition on an assignment', () => {
  const named = '@Resource[Microsoft.KeyVault/vaults/secrets:name]'
  const conditioned = (condition: string) => ({ more: { condition, conditionVersion: '2.0' } })

  it('opens the secrets that it names and no other, and no list of them', async () => {
    const { newcomer, id } = await somebody()
    const made = await assign(id, keyVaultSecretsUser, conditioned(`${named} StringStartsWith 'orders-'`))
    assert.equal(made.status, 201, made.text)
    assert.equal((await read(newcomer)).status, 200)
    assert.equal((await read(newcomer, '/secrets/prod-db')).status, 403)
    assert.equal((await read(newcomer, '/secrets/orders-db/versions')).status, 200)
    assert.equal((await read(newcomer, '/secrets/prod-db/versions')).status, 403)
    assert.equal((await read(newcomer, '/secrets')).status, 403)
  })

  it('that denies names isn’t passed by a list, nor by another spelling', async () => {
    const { newcomer, id } = await somebody()
    await assign(id, keyVaultAdministrator, conditioned(`!(${named} StringStartsWith 'prod-')`))
    assert.equal((await read(newcomer)).status, 200)
    for (const path of [
      '/secrets/prod-db',
      '/secrets/PROD-DB',
      '/secrets/prod-db/versions',
      '/secrets',
      '/deletedsecrets',
    ]) {
      assert.equal((await read(newcomer, path)).status, 403, path)
    }
  })

  it('leaves the actions that it isn’t about as they are', async () => {
    const { newcomer, id } = await somebody()
    const about = `!(ActionMatches{'Microsoft.KeyVault/vaults/secrets/getSecret/action'}) OR ${named} StringEquals 'orders-db'`
    await assign(id, keyVaultSecretsUser, conditioned(about))
    assert.equal((await read(newcomer)).status, 200)
    assert.equal((await read(newcomer, '/secrets/prod-db')).status, 403)
    assert.equal((await read(newcomer, '/secrets')).status, 200)
  })

  it('is about what is written where something is written', async () => {
    const { newcomer, id } = await somebody()
    const written = `@Request[Microsoft.KeyVault/vaults/secrets:name] StringLike 'app-*'`
    await assign(id, keyVaultSecretsOfficer, conditioned(written))
    const set = async (name: string) =>
      (
        await house.ask(house.vaultHost, 'PUT', `/secrets/${name}?api-version=7.4`, {
          token: await newcomer.token(),
          body: { value: 'v' },
        })
      ).status
    assert.equal(await set('app-db'), 200)
    assert.equal(await set('prod-db'), 403)
  })

  it('is refused, never passed over, when it isn’t understood or of another version', async () => {
    const { id } = await somebody()
    for (const more of [
      { condition: 'anything goes', conditionVersion: '2.0' },
      { condition: `@Resource[Microsoft.Storage/storageAccounts:name] StringEquals 'x'`, conditionVersion: '2.0' },
      { condition: `${named} StringEquals 'x'`, conditionVersion: '1.0' },
      { condition: `${named} StringEquals 'x'` },
      { condition: 7, conditionVersion: '2.0' },
    ]) {
      assert.equal((await assign(id, keyVaultSecretsUser, { more })).status, 400, JSON.stringify(more))
    }
  })

  it('that the database’s administrator takes out takes the assignment with it', async () => {
    const { newcomer, id } = await somebody()
    await assign(id, keyVaultSecretsUser, conditioned(`${named} StringEquals 'orders-db'`))
    assert.equal((await read(newcomer)).status, 200)
    await house.cardea.base.database.write(async (turn) => {
      await turn.sql.run(`update role_assignment set condition = null where principal = '${id}'`, [])
      turn.changeAccess()
    })
    assert.equal((await read(newcomer, '/secrets/prod-db')).status, 403)
    assert.equal((await assign(id, keyVaultSecretsUser)).status, 201)
  })
})

describe('the list of role assignments', () => {
  const listed = async (scope: string, filter?: string): Promise<string[]> => {
    const query = filter === undefined ? '' : `?$filter=${encodeURIComponent(filter)}`
    const { status, json, text } = await ask('GET', `${assignments(scope)}${query}`)
    assert.equal(status, 200, text)
    return (json.value as { name: string }[]).map(({ name }) => name)
  }

  it('shows those that hold at a scope, those below it, and those of somebody, as its filters say', async () => {
    const { id } = await somebody()
    const place = `${vault}/secrets/orders-db`
    const made = { subscription: randomUUID(), vault: randomUUID(), secret: randomUUID() }
    await assign(id, keyVaultSecretsUser, { scope: subscription, id: made.subscription })
    await assign(id, keyVaultSecretsUser, { scope: vault, id: made.vault })
    await assign(id, keyVaultSecretsUser, { scope: place, id: made.secret })
    const all: string[] = Object.values(made).sort()
    const own = (names: string[]) => names.filter((name) => all.includes(name)).sort()
    assert.deepEqual(own(await listed(vault)), all)
    assert.deepEqual(own(await listed(vault, 'atScope()')), [made.subscription, made.vault].sort())
    assert.deepEqual(await listed(subscription, `principalId eq '${id}'`).then(own), all)
    assert.equal((await listed(subscription, `principalId eq '${id}'`)).length, 3)
    const direct = await listed(vault, `atScope() and assignedTo('${id}')`)
    assert.deepEqual(direct.sort(), [made.subscription, made.vault].sort())
    assert.deepEqual(await listed(place, `principalId eq '${id}'`).then(own), all)
    assert.deepEqual(await listed(vault, `principalId eq '${randomUUID()}'`), [])
  })

  it('refuses filters that it doesn’t understand', async () => {
    for (const filter of [
      "principalId eq 'x'",
      'or',
      "atScope() or principalId eq '*'",
      "roleName eq 'x'",
      'atScope() and',
    ]) {
      const heard = await ask('GET', `${assignments(vault)}?$filter=${encodeURIComponent(filter)}`)
      assert.equal(heard.status, 400, filter)
    }
  })
})
