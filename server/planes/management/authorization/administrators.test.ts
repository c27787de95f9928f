import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { type House, openHouse } from '../../../testing/house.ts'
import { managementAudience, managementHost } from '../testing/manager.ts'
import { assignments, placesOf, rolesOf, version } from '../testing/roles.ts'

const { contributor, owner, reader } = builtInRoles

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken(managementAudience)
const { group, vault } = await placesOf(house)

const { ask, assign, somebody } = rolesOf(() => ({ house, token }))

describe('two administrators at once', () => {
  /** Two who may do everything, each with a token for a host, once the developer who founded the house is none any longer. */
  const alone = async (lonely: House, audienceOfBoth: string) => {
    const administrators: { id: string; token: string; ids: string[] }[] = []
    const developer = await lonely.developerToken(managementAudience)
    const at = (path: string) => `${path}?${version}`
    for (const name of ['Ada', 'Bob']) {
      const newcomer = await lonely.newcomer(name)
      const ids: string[] = []
      for (const role of [builtInRoles.globalAdministrator, builtInRoles.userAccessAdministrator]) {
        const path = `${assignments('/')}/${randomUUID()}`
        const properties = { roleDefinitionId: role.id, principalId: newcomer.principal.objectId }
        const made = await lonely.ask(managementHost, 'PUT', at(path), { token: developer, body: { properties } })
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
    const [ada, bob] = await alone(lonely, managementAudience)
    const take = (by: typeof ada, from: typeof ada) =>
      lonely.ask(managementHost, 'DELETE', `${from.ids[1]}?${version}`, { token: by.token })
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
