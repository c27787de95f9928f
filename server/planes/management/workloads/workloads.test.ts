import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { decodeJwt } from 'jose'
import { enablePrincipal } from '#core/identity/testing/enable-principal.ts'
import { putLock } from '#core/locks/locks.ts'
import { environmentOfWorkload } from '../../../environment.ts'
import { type House, openHouse, type Wanted } from '../../../testing/house.ts'
import { graphHost, graphOf } from '../../directory/testing/graph.ts'
import { appServiceTokenPath, instanceTokenPath, workloadHeader } from '../../identity/managed-identity.ts'
import { askingIn, groupOf, managementAudience, managementHost } from '../testing/manager.ts'

const vaultAudience = 'https://vault.cardea.internal'
const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const group = groupOf(house)

const ask = askingIn('2026-11-01', () => house)
const at = (name: string) => `${group}/providers/Cardea.Workload/workloads/${name}`
const own = (name: string) => `${at(name)}/providers/Microsoft.ManagedIdentity/identities/default`
const withIdentity = { location: 'local', identity: { type: 'SystemAssigned' } }
const make = async (name: string, body: object = withIdentity) => {
  const heard = await ask('PUT', at(name), body)
  assert.equal(heard.status, 201, heard.text)
  return heard.json
}
const servicePrincipal = (objectId: string) =>
  ({ objectId, appId: '', name: '', kind: 'managed-identity', enabled: true }) as const
const assignmentsTo = async (principal: string) =>
  (await house.cardea.base.database.read.run(`select id from role_assignment where principal = '${principal}'`, []))
    .rows.length

describe('a workload', () => {
  it('is made with an identity or without, kept when it is put again, listed, tagged, and gone once', async () => {
    const plain = await make('plain', { location: 'local', tags: { a: 'b' } })
    assert.deepEqual([plain.name, plain.tags, plain.identity], ['plain', { a: 'b' }, { type: 'None' }])
    const shop = await make('shop')
    assert.equal(shop.identity.type, 'SystemAssigned')
    assert.equal(shop.identity.tenantId, house.cardea.installation.tenant)
    const again = await ask('PUT', at('SHOP'), { location: 'local', tags: { c: 'd' } })
    assert.equal(again.status, 200)
    assert.deepEqual([again.json.id, again.json.identity, again.json.tags], [shop.id, shop.identity, { c: 'd' }])
    for (const list of [group, group.replace(/\/resourceGroups.*/, '')]) {
      const { json } = await ask('GET', `${list}/providers/Cardea.Workload/workloads`)
      assert.deepEqual(
        json.value.map(({ name }: { name: string }) => name),
        ['plain', 'shop'],
      )
    }
    const { json: all } = await ask('GET', `${group}/resources`)
    assert.ok(all.value.some(({ id }: { id: string }) => id === shop.id))
    assert.deepEqual((await ask('PATCH', at('shop'), { tags: { e: 'f' } })).json.identity, shop.identity)
    for (const name of ['plain', 'shop']) {
      assert.equal((await ask('DELETE', at(name))).status, 200)
      assert.equal((await ask('DELETE', at(name))).status, 204)
      assert.equal((await ask('GET', at(name))).status, 404)
    }
    assert.equal((await ask('PATCH', at('shop'), { tags: {} })).status, 404)
  })

  it('lies in a group that there is, under a name that can be one, and stays in its place', async () => {
    assert.equal((await ask('PUT', at('web').replace('/demo/', '/nowhere/'), withIdentity)).status, 404)
    for (const name of ['ab', '-abc', 'abc-', 'a%20b', 'a%2fb', 'x'.repeat(65), 'é'.repeat(4)])
      assert.equal((await ask('PUT', at(name), withIdentity)).status, 400, name)
    for (const body of [
      {},
      { location: 7 },
      { location: 'local', tags: { a: 1 } },
      { location: 'local', identity: {} },
      { location: 'local', identity: { type: 'UserAssigned', userAssignedIdentities: {} } },
      { location: 'local', identity: 'SystemAssigned' },
      [],
    ]) {
      assert.equal((await ask('PUT', at('wrong'), body)).status, 400, JSON.stringify(body))
    }
    await make('stays')
    assert.equal((await ask('PUT', at('stays'), { ...withIdentity, location: 'elsewhere' })).status, 409)
  })

  it('is made once, with one identity, when two make it at the same moment', async () => {
    const both = await Promise.all([1, 2].map(() => ask('PUT', at('at-once'), withIdentity)))
    assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 201])
    assert.equal(new Set(both.map(({ json }) => json.identity.principalId)).size, 1)
  })

  it('that is locked keeps its identity', async () => {
    await make('locked')
    await house.cardea.base.database.write((turn) =>
      putLock(turn, { scope: at('locked'), name: 'keep', level: 'ReadOnly', notes: '' }),
    )
    for (const [method, body] of [
      ['PUT', withIdentity],
      ['PATCH', { identity: { type: 'None' } }],
      ['DELETE', undefined],
    ] as const) {
      const heard = await ask(method, at('locked'), body)
      assert.deepEqual([heard.status, heard.json.error.code], [409, 'ScopeLocked'], method)
    }
  })
})

describe('a lock on a group', () => {
  it('keeps what programs are from every way of deleting it: workloads, their identities, and those that people made', async () => {
    const kept = group.replace(/demo$/, 'kept')
    const lock = `${kept}/providers/Microsoft.Authorization/locks/keep`
    const workload = at('program').replace('/demo/', '/kept/')
    const userAssigned = `${kept}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/people-made`
    await ask('PUT', kept, { location: 'local' })
    for (const [path, body] of [
      [workload, withIdentity],
      [userAssigned, { location: 'local' }],
    ] as const) {
      assert.equal((await ask('PUT', path, body)).status, 201, path)
    }
    assert.ok((await ask('PUT', lock, { properties: { level: 'CanNotDelete' } })).status < 300)
    for (const [method, path, body] of [
      ['DELETE', workload, undefined],
      ['PATCH', workload, { identity: { type: 'None' } }],
      ['PUT', workload, { location: 'local', identity: { type: 'None' } }],
      ['DELETE', userAssigned, undefined],
      ['DELETE', kept, undefined],
      ['DELETE', kept.toUpperCase().replace('/SUBSCRIPTIONS/', '/subscriptions/'), undefined],
    ] as const) {
      const heard = await ask(method, path, body)
      assert.deepEqual([heard.status, heard.json?.error?.code], [409, 'ScopeLocked'], `${method} ${path}`)
    }
    assert.equal((await ask('PATCH', workload, { tags: { still: 'mine' } })).status, 200)
    assert.equal((await ask('GET', workload)).json.identity.type, 'SystemAssigned')
    assert.equal((await ask('DELETE', lock)).status, 200)
    assert.equal((await ask('DELETE', kept)).status, 200)
  })
})

describe('the identity of a workload', () => {
  it('is a service principal that is asked for below its workload, and in the directory', async () => {
    const { id, identity } = await make('known')
    const { json } = await ask('GET', own('known'))
    assert.deepEqual([json.id, json.name], [`${id}/providers/Microsoft.ManagedIdentity/identities/default`, 'default'])
    assert.equal(json.properties.principalId, identity.principalId)
    const graph = graphOf(house, () => house.developerToken(`https://${graphHost}`))
    const told = await graph.done('GET', `/servicePrincipals/${identity.principalId}`)
    assert.deepEqual(
      [told.appId, told.displayName, told.servicePrincipalType, told.alternativeNames],
      [json.properties.clientId, 'known', 'ManagedIdentity', ['isExplicit=False', id]],
    )
    assert.equal((await graph.ask('DELETE', `/servicePrincipals/${identity.principalId}`)).status, 400)
    assert.equal((await graph.ask('POST', `/servicePrincipals/${identity.principalId}/addPassword`, {})).status, 400)
    await make('without', { location: 'local' })
    for (const missing of [own('without'), own('nowhere'), own('known').replace('Cardea.Workload', 'Microsoft.Web')]) {
      assert.equal((await ask('GET', missing)).status, 404, missing)
    }
    const stranger = await house.newcomer('stranger')
    assert.equal((await ask('GET', own('known'), undefined, await stranger.token(managementAudience))).status, 403)
  })

  it('goes with what it was allowed when it is taken away, with its workload, and with the group of that', async () => {
    const ways: Readonly<Record<string, (name: string) => Promise<{ status: number }>>> = {
      'taken-away': (name) => ask('PATCH', at(name), { identity: { type: 'None' } }),
      'put-without': (name) => ask('PUT', at(name), { location: 'local', identity: { type: 'none' } }),
      deleted: (name) => ask('DELETE', at(name)),
    }
    for (const [name, go] of Object.entries(ways)) {
      const { identity } = await make(name)
      await house.assign(servicePrincipal(identity.principalId), builtInRoles.keyVaultSecretsUser, '/')
      assert.equal(await assignmentsTo(identity.principalId), 1)
      assert.equal((await go(name)).status, 200, name)
      assert.equal(await assignmentsTo(identity.principalId), 0, name)
      assert.equal((await ask('GET', own(name))).status, 404, name)
      const again = await ask('PUT', at(name), withIdentity)
      assert.notEqual(again.json.identity.principalId, identity.principalId, name)
    }
    const other = group.replace(/demo$/, 'short-lived')
    assert.equal((await ask('PUT', other, { location: 'local' })).status, 201)
    const inOther = at('inside').replace('/demo/', '/short-lived/')
    const { json } = await ask('PUT', inOther, withIdentity)
    await house.assign(servicePrincipal(json.identity.principalId), builtInRoles.keyVaultSecretsUser, '/')
    assert.equal((await ask('DELETE', other)).status, 200)
    assert.equal(await assignmentsTo(json.identity.principalId), 0)
    assert.equal((await ask('GET', inOther)).status, 404)
  })

  it('that is the last administrator stays, whichever way somebody takes it away', async () => {
    await using lonely = await openHouse()
    const { installation, base } = lonely.cardea
    const token = await lonely.developerToken(managementAudience)
    const inGroup = `/subscriptions/${installation.subscription}/resourceGroups/alone`
    const put = (path: string, body: object) =>
      lonely.ask(managementHost, 'PUT', `${path}?api-version=2026-11-01`, { token, body })
    await put(inGroup, { location: 'local' })
    const workload = `${inGroup}/providers/Cardea.Workload/workloads/admin`
    const { json } = await put(workload, withIdentity)
    await lonely.assign(servicePrincipal(json.identity.principalId), builtInRoles.owner, '/')
    const developer = "(select object_id from principal where name = 'developer')"
    const { rows } = await base.database.read.run(`select id from role_assignment where principal = ${developer}`, [])
    const manager = await lonely.newcomer('manager')
    await lonely.assign(manager.principal, builtInRoles.contributor, '/')
    const managing = await manager.token(managementAudience)
    assert.ok(rows.length > 0)
    await base.database.write(async (turn) => {
      await turn.sql.run(`delete from role_assignment where principal = ${developer}`, [])
      turn.changeAccess()
    })
    for (const [method, path] of [
      ['DELETE', workload],
      ['DELETE', inGroup],
    ] as const) {
      const heard = await lonely.ask(managementHost, method, `${path}?api-version=2026-11-01`, { token: managing })
      assert.deepEqual([heard.status, heard.json?.error.code], [409, 'CannotDeleteLastRbacAdminRoleAssignment'], path)
    }
    assert.equal(
      (await lonely.ask(managementHost, 'GET', `${workload}?api-version=2026-11-01`, { token: managing })).json.identity
        .type,
      'SystemAssigned',
    )
  })
})

describe('a program of a workload', () => {
  /** Runs on a data folder that lives on, so that a workload is there before the setting that names it. */
  const running = async (names: readonly string[], then: (house: House, ids: readonly string[]) => Promise<void>) => {
    const data = await mkdtemp(join(tmpdir(), 'cardea-workload-'))
    const open = (given: Wanted) => openHouse({ ...given, data })
    try {
      const ids: string[] = []
      {
        await using first = await open({})
        const token = await first.developerToken(managementAudience)
        for (const name of names) {
          const path = `/subscriptions/${first.cardea.installation.subscription}/resourceGroups/demo/providers/Cardea.Workload/workloads/${name}`
          const made = await first.ask(managementHost, 'PUT', `${path}?api-version=2026-11-01`, {
            token,
            body: withIdentity,
          })
          assert.equal(made.status, 201, made.text)
          ids.push(path)
        }
      }
      await using second = await open({ env: { CARDEA_MACHINE_IDENTITIES: ids.join(' ') } })
      await then(second, ids)
    } finally {
      await rm(data, { recursive: true, force: true })
    }
  }
  const get = async ({ cardea }: House, path: string, headers: Record<string, string>) => {
    const url = `http://127.0.0.1:${cardea.proxyPort}${path}`
    const answer = await fetch(url, { headers })
    return { status: answer.status, json: (await answer.json()) as Record<string, string> }
  }
  const instance = (more = '') => `${instanceTokenPath}?api-version=2018-02-01&resource=${vaultAudience}${more}`
  const app = (more = '') => `${appServiceTokenPath}?api-version=2019-08-01&resource=${vaultAudience}${more}`
  const metadata = { metadata: 'true' }
  const who = ({ json }: { json: Record<string, string> }) => decodeJwt(json.access_token as string).xms_mirid

  it('gets its token without naming anybody where one workload runs, in both ways, and reads with it', async () => {
    await running(['shop'], async (house, [shop = '']) => {
      const given = await get(house, instance(), metadata)
      assert.equal(given.status, 200, JSON.stringify(given.json))
      assert.equal(who(given), shop)
      const header = house.env.CARDEA_IDENTITY_HEADER as string
      assert.equal(who(await get(house, app(), { 'x-identity-header': header })), shop)
      const ownHeader = environmentOfWorkload(house.data, shop.toUpperCase()).IDENTITY_HEADER as string
      assert.notEqual(ownHeader, header)
      assert.equal(who(await get(house, app(), { 'x-identity-header': ownHeader })), shop)
      const { oid } = decodeJwt(given.json.access_token as string) as { oid: string }
      const read = () =>
        house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token: given.json.access_token })
      assert.equal((await read()).status, 403)
      await house.assign(servicePrincipal(oid), builtInRoles.keyVaultReader, '/')
      assert.equal((await read()).status, 200)

      const token = await house.developerToken(managementAudience)
      const gone = await house.ask(managementHost, 'DELETE', `${shop}?api-version=2026-11-01`, { token })
      assert.equal(gone.status, 200)
      assert.ok([401, 403].includes((await read()).status))
      // Without its identity the program is nobody: it doesn't become the machine.
      assert.equal((await get(house, instance(), metadata)).status, 400)
      assert.equal((await get(house, app(), { 'x-identity-header': ownHeader })).status, 400)
      const machine = await get(house, instance('&client_id=c3b4dea0-0000-4000-8000-00000000a002'), metadata)
      assert.equal(machine.status, 200)
    })
  })

  it('says which it is where several run, or shows it by its header, and is no other with that', async () => {
    await running(['shop', 'bank'], async (house, [shop = '', bank = '']) => {
      const unsaid = await get(house, instance(), metadata)
      assert.equal(unsaid.status, 400)
      assert.match(unsaid.json.error_description ?? '', /^Multiple identities exist/)
      for (const id of [shop, bank]) {
        assert.equal(who(await get(house, instance(`&msi_res_id=${id.toUpperCase()}`), metadata)), id)
        const header = { 'x-identity-header': workloadHeader(house.env.CARDEA_IDENTITY_HEADER as string, id) }
        const given = await get(house, app(), header)
        assert.equal(who(given), id)
        const { client_id: client } = given.json
        assert.equal(who(await get(house, app(`&client_id=${client}`), header)), id)
        const other = id === shop ? bank : shop
        assert.equal((await get(house, app(`&mi_res_id=${other}`), header)).status, 400)
        assert.equal((await get(house, app(`&client_id=${randomUUID()}`), header)).status, 400)
        const { oid } = decodeJwt(given.json.access_token as string) as { oid: string }
        await house.cardea.base.database.write((turn) => enablePrincipal(turn, house.cardea.base.keyring, oid, false))
        assert.equal((await get(house, app(), header)).status, 400)
      }
      const elsewhere = shop.replace(/shop$/, 'elsewhere')
      const wrong = workloadHeader(house.env.CARDEA_IDENTITY_HEADER as string, elsewhere)
      assert.equal((await get(house, app(), { 'x-identity-header': wrong })).status, 401)
    })
  })

  it('becomes nobody else by what a database administrator types', async () => {
    await running(['shop', 'bank'], async (house, [shop = '', bank = '']) => {
      const typed = (text: string) =>
        house.cardea.base.database.write(async (turn) => {
          await turn.sql.run(text, [])
          turn.changeAccess()
        })
      const keys = { shop: shop.toLowerCase(), bank: bank.toLowerCase() }
      const moved = (from: string, to: string) =>
        typed(`update workload set resource_key = '${to}' where resource_key = '${from}'`)
      await moved(keys.shop, 'aside')
      await moved(keys.bank, keys.shop)
      assert.equal((await get(house, instance(`&msi_res_id=${shop}`), metadata)).status, 400)
      const asShop = { 'x-identity-header': workloadHeader(house.env.CARDEA_IDENTITY_HEADER as string, shop) }
      assert.equal((await get(house, app(), asShop)).status, 400)
      await moved(keys.shop, keys.bank)
      await moved('aside', keys.shop)
      assert.equal((await get(house, app(), asShop)).status, 200)
      await typed(`create table kept as select * from workload where resource_key = '${keys.bank}'`)
      await typed(`update workload set principal = null, proof = null where resource_key = '${keys.bank}'`)
      for (const text of [
        `update workload set principal = (select principal from kept), proof = (select proof from kept) where resource_key = '${keys.shop}'`,
        `update workload set principal = (select principal from kept) where resource_key = '${keys.shop}'`,
        `update workload set principal = (select object_id from principal where name = 'this machine') where resource_key = '${keys.shop}'`,
      ]) {
        await typed(text)
        assert.equal((await get(house, instance(`&msi_res_id=${shop}`), metadata)).status, 400, text)
      }
    })
  })
})
