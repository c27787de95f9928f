import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { register } from '#core/identity/directory.ts'
import { type Heard, type House, type Newcomer, openHouse } from '../../../testing/house.ts'

const host = 'management.cardea.internal'
const audience = `https://${host}`
const version = 'api-version=2022-04-01'
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

let house: House
let token: string
let subscription: string
let group: string
let vault: string
before(async () => {
  house = await openHouse()
  token = await house.developerToken(audience)
  subscription = `/subscriptions/${house.cardea.installation.subscription}`
  group = `${subscription}/resourceGroups/demo`
  vault = `${group}/providers/Microsoft.KeyVault/vaults/demo`
  await keep('orders-db')
  await keep('prod-db')
})
after(() => house?.[Symbol.asyncDispose]())

const keep = async (name: string) => {
  const target = `/secrets/${name}?api-version=7.4`
  const set = await house.ask(house.vaultHost, 'PUT', target, {
    token: await house.developerToken(),
    body: { value: 'v' },
  })
  assert.equal(set.status, 200, set.text)
}
const ask = (method: string, path: string, given: { token?: string; body?: unknown } = {}): Promise<Heard> =>
  house.ask(host, method, `${path}${path.includes('?') ? '&' : '?'}${version}`, { token, ...given })
const assignments = (scope: string) => `${scope === '/' ? '' : scope}/providers/Microsoft.Authorization/roleAssignments`
const definitions = (scope: string) => `${scope === '/' ? '' : scope}/providers/Microsoft.Authorization/roleDefinitions`

type Wanted = { scope?: string; id?: string; token?: string; more?: object }
const assign = (
  who: string,
  role: { id: string },
  { scope = vault, id = randomUUID(), token: by = token, more = {} }: Wanted = {},
) =>
  ask('PUT', `${assignments(scope)}/${id}`, {
    token: by,
    body: {
      properties: {
        roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role.id}`,
        principalId: who,
        ...more,
      },
    },
  })
const somebody = async (name = 'somebody') => {
  const newcomer = await house.newcomer(`${name} ${randomUUID()}`)
  return { newcomer, id: newcomer.principal.objectId, manages: await newcomer.token(audience) }
}
const read = async (who: Newcomer, path = '/secrets/orders-db') =>
  house.ask(house.vaultHost, 'GET', `${path}?api-version=7.4`, { token: await who.token() })
const code = ({ json }: Heard): string => json.error.code

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
      register(turn, { name: 'team', kind: 'group', appId: '' }),
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
    const own = await alone.developerToken(audience)
    const top = `/subscriptions/${alone.cardea.installation.subscription}`
    const list = await alone.ask(host, 'GET', `${assignments(top)}?${version}&$filter=atScope()`, { token: own })
    type Listed = { id: string; properties: { roleDefinitionId: string } }
    const of = ({ id }: { id: string }) =>
      (list.json.value as Listed[]).find(({ properties }) => properties.roleDefinitionId.endsWith(id))?.id as string
    const drop = (id: string) => alone.ask(host, 'DELETE', `${id}?${version}`, { token: own })
    assert.equal((await drop(of(owner))).status, 200)
    const last = await drop(of(builtInRoles.userAccessAdministrator))
    assert.deepEqual([last.status, code(last)], [409, 'CannotDeleteLastRbacAdminRoleAssignment'])
  })
})

describe('two administrators at once', () => {
  /** Two who may do everything, each with a token for a host, once the developer who founded the house is none any longer. */
  const alone = async (lonely: House, audienceOfBoth: string) => {
    const administrators: { id: string; token: string; ids: string[] }[] = []
    const developer = await lonely.developerToken(audience)
    const at = (path: string) => `${path}?${version}`
    for (const name of ['Ada', 'Bob']) {
      const newcomer = await lonely.newcomer(name)
      const ids: string[] = []
      for (const role of [builtInRoles.globalAdministrator, builtInRoles.userAccessAdministrator]) {
        const path = `${assignments('/')}/${randomUUID()}`
        const properties = { roleDefinitionId: role.id, principalId: newcomer.principal.objectId }
        const made = await lonely.ask(host, 'PUT', at(path), { token: developer, body: { properties } })
        assert.equal(made.status, 201, made.text)
        ids.push(path)
      }
      administrators.push({ id: newcomer.principal.objectId, token: await newcomer.token(audienceOfBoth), ids })
    }
    await lonely.cardea.base.database.write(async (turn) => {
      const others = administrators.map(({ id }) => `'${id}'`).join()
      await turn.sql.run(`delete from role_assignment where principal not in (${others})`, [])
      turn.changeAccess()
    })
    return administrators as [(typeof administrators)[0], (typeof administrators)[0]]
  }

  it('who take each other’s rights away leave one of them: the second finds that they have none any longer', async () => {
    await using lonely = await openHouse()
    const [ada, bob] = await alone(lonely, audience)
    const take = (by: typeof ada, from: typeof ada) =>
      lonely.ask(host, 'DELETE', `${from.ids[1]}?${version}`, { token: by.token })
    const statuses = (await Promise.all([take(ada, bob), take(bob, ada)])).map(({ status }) => status)
    assert.deepEqual(statuses.toSorted(), [200, 403])
    const [kept, lost] = statuses[0] === 200 ? [ada, bob] : [bob, ada]
    assert.equal((await take(kept, kept)).status, 409)
    assert.equal((await take(lost, kept)).status, 403)
  })

  it('who switch each other off leave one of them on', async () => {
    const graph = 'graph.cardea.internal'
    await using lonely = await openHouse()
    const [ada, bob] = await alone(lonely, `https://${graph}`)
    const off = (by: typeof ada, whom: typeof ada) =>
      lonely.ask(graph, 'PATCH', `/v1.0/servicePrincipals/${whom.id}`, {
        token: by.token,
        body: { accountEnabled: false },
      })
    const statuses = (await Promise.all([off(ada, bob), off(bob, ada)])).map(({ status }) => status)
    assert.equal(statuses.filter((status) => status === 204).length, 1, String(statuses))
    const [kept] = statuses[0] === 204 ? [ada] : [bob]
    assert.ok([400, 409].includes((await off(kept, kept)).status))
  })
})

describe('who elevates their access', () => {
  const elevate = (token: string) => ask('POST', '/providers/Microsoft.Authorization/elevateAccess', { token })
  const rootAdministrator = async (who: string) => {
    const { json } = await ask('GET', `${assignments('/')}?$filter=${encodeURIComponent(`principalId eq '${who}'`)}`)
    type Listed = { id: string; properties: { roleDefinitionId: string; condition: string | null; createdBy: string } }
    return (json.value as Listed[]).filter(({ properties }) =>
      properties.roleDefinitionId.endsWith(builtInRoles.userAccessAdministrator.id),
    )
  }

  it('is a global administrator, who may assign roles everywhere from then on, until it is taken away', async () => {
    const { id, manages } = await somebody('global administrator')
    assert.equal((await assign(id, builtInRoles.globalAdministrator, { scope: '/' })).status, 201)
    assert.equal((await assign(id, reader, { scope: vault, token: manages })).status, 403)
    const elevated = await elevate(manages)
    assert.deepEqual([elevated.status, elevated.text], [200, ''])
    assert.equal((await elevate(manages)).status, 200)
    const [made, ...more] = await rootAdministrator(id)
    assert.deepEqual([made?.properties.createdBy, more], [id, []])
    assert.equal((await assign(id, reader, { scope: vault, token: manages })).status, 201)
    const entries = (await house.deeds()).filter(
      ({ operation, caller }) => operation === 'AccessElevate' && caller === id,
    )
    assert.deepEqual(
      entries.map(({ resource, outcome }) => [resource, outcome]),
      [1, 2].map(() => [`/directory/roleAssignments/${made?.id.split('/').at(-1)}`, 'done']),
    )
    assert.equal((await ask('DELETE', made?.id as string, { token: manages })).status, 200)
    assert.deepEqual(await rootAdministrator(id), [])
    assert.equal((await assign(id, owner, { scope: vault, token: manages })).status, 403)
  })

  it('is nobody else: no owner of everything, no access administrator, no administrator of a part of the directory', async () => {
    const { id: nobody, manages: none } = await somebody('nobody')
    for (const role of [
      owner,
      contributor,
      builtInRoles.userAccessAdministrator,
      builtInRoles.applicationAdministrator,
      builtInRoles.userAdministrator,
    ]) {
      const { id, manages } = await somebody('not enough')
      assert.equal((await assign(id, role, { scope: '/' })).status, 201)
      assert.equal((await elevate(manages)).status, 403, role.name)
      if (role !== builtInRoles.userAccessAdministrator) assert.deepEqual(await rootAdministrator(id), [])
    }
    assert.equal((await elevate(none)).status, 403)
    assert.deepEqual(await rootAdministrator(nobody), [])
    const { id, manages } = await somebody('global administrator of one thing')
    const made = await assign(id, builtInRoles.globalAdministrator, { scope: group })
    assert.equal((await elevate(manages)).status, 403, made.text)
  })

  it('has it without a condition, also where there was one', async () => {
    const { id, manages } = await somebody('conditioned')
    await assign(id, builtInRoles.globalAdministrator, { scope: '/' })
    const condition = `@Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEquals 'User'`
    const bound = { condition, conditionVersion: '2.0' }
    assert.equal((await assign(id, builtInRoles.userAccessAdministrator, { scope: '/', more: bound })).status, 201)
    assert.equal((await assign(id, reader, { scope: vault, token: manages })).status, 403)
    assert.equal((await elevate(manages)).status, 200)
    assert.equal((await rootAdministrator(id))[0]?.properties.condition, null)
    assert.equal((await assign(id, reader, { scope: vault, token: manages })).status, 201)
  })

  it('does it by POST, and against no lock', async () => {
    const { id, manages } = await somebody('locked out')
    await assign(id, builtInRoles.globalAdministrator, { scope: '/' })
    assert.equal((await ask('GET', '/providers/Microsoft.Authorization/elevateAccess')).status, 404)
    const lock = '/providers/Microsoft.Authorization/locks/frozen'
    await ask('PUT', lock, { body: { properties: { level: 'ReadOnly' } } })
    try {
      assert.deepEqual([(await elevate(manages)).status, await rootAdministrator(id)], [409, []])
    } finally {
      assert.equal((await ask('DELETE', lock)).status, 200)
    }
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
