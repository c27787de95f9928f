import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { openHouse } from '../../../testing/house.ts'
import { managerOf, storePath, vaultPath } from '../testing/manager.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const manager = await managerOf(house)

const location = 'local'
const lockPath = (scope: string, name = 'keep') => `${scope}/providers/Microsoft.Authorization/locks/${name}`
const lock = (scope: string, level: string, name?: string) =>
  manager.ask('PUT', lockPath(scope, name), { properties: { level, notes: 'in use' } })
const unlock = (scope: string, name?: string) => manager.ask('DELETE', lockPath(scope, name))
const group = async (name: string) => {
  await manager.ask('PUT', `/resourceGroups/${name}`, { location })
  const properties = { tenantId: house.cardea.installation.tenant, sku: { family: 'A', name: 'standard' } }
  assert.equal((await manager.ask('PUT', vaultPath(`${name}-vault`, name), { location, properties })).status, 201)
  const store = { location, sku: { name: 'Standard' }, properties: {} }
  assert.equal((await manager.ask('PUT', storePath(`${name}-store`, name), store)).status, 201)
}

describe('a lock', () => {
  it('is put, read, listed from everywhere around it, and taken away, under an id spelled as its resource is', async () => {
    await group('spelled')
    const path = '/RESOURCEGROUPS/SPELLED/providers/microsoft.keyvault//vaults/SPELLED-VAULT'
    const put = await lock(path, 'cannotdelete', 'Keep-It')
    assert.equal(put.status, 201, put.text)
    const id = `/subscriptions/${manager.subscription}${lockPath(vaultPath('spelled-vault', 'spelled'), 'Keep-It')}`
    assert.equal(put.json.id, id)
    assert.deepEqual(put.json.properties, { level: 'CanNotDelete', notes: 'in use' })
    assert.equal((await lock(path, 'CanNotDelete', 'KEEP-it')).status, 200)
    for (const scope of ['', '/resourceGroups/spelled', vaultPath('spelled-vault', 'spelled')]) {
      const { json } = await manager.ask('GET', `${scope}/providers/Microsoft.Authorization/locks`)
      assert.deepEqual(
        json.value.map((one: { id: string }) => one.id),
        [id],
        scope,
      )
    }
    const elsewhere = await manager.ask(
      'GET',
      `${storePath('spelled-store', 'spelled')}/providers/Microsoft.Authorization/locks`,
    )
    assert.deepEqual(elsewhere.json.value, [])
    assert.equal((await manager.ask('GET', lockPath(path, 'keep-it'))).json.id, id)
    assert.equal((await unlock(path, 'keep-it')).status, 200)
    assert.equal((await unlock(path, 'keep-it')).status, 204)
    assert.equal((await manager.ask('GET', lockPath(path, 'keep-it'))).status, 404)
  })

  it('is on something that there is, and of a level that there is', async () => {
    assert.equal((await lock(vaultPath('nothing'), 'CanNotDelete')).status, 404)
    assert.equal((await lock('/resourceGroups/nothing', 'CanNotDelete')).status, 404)
    assert.equal((await lock(vaultPath('demo'), 'Sometimes')).status, 400)
  })

  for (const [words, scopeOf] of [
    ['the vault', (name: string) => vaultPath(`${name}-vault`, name)],
    ['its group', (name: string) => `/resourceGroups/${name}`],
    ['the subscription', () => ''],
  ] as const) {
    it(`on ${words} keeps the vault from every way of deleting it, and lets it be changed`, async () => {
      const name = `keep-${words.split(' ')[1]?.slice(0, 5)}`
      await group(name)
      const scope = scopeOf(name)
      await lock(scope, 'CanNotDelete')
      for (const path of [vaultPath(`${name}-vault`, name), `/resourceGroups/${name}`]) {
        const heard = await manager.ask('DELETE', path)
        assert.equal(heard.status, 409, path)
        assert.equal(heard.json.error.code, 'ScopeLocked')
        assert.match(heard.json.error.message, /locks\/keep' \(CanNotDelete\)/)
      }
      const patched = await manager.ask('PATCH', vaultPath(`${name}-vault`, name), { tags: { still: 'mine' } })
      assert.equal(patched.status, 200)
      await unlock(scope)
      assert.equal((await manager.ask('DELETE', `/resourceGroups/${name}`)).status, 200)
    })
  }

  it('that is put after a deletion keeps the vault and the store from being purged', async () => {
    await group('purge')
    await manager.ask('DELETE', vaultPath('purge-vault', 'purge'))
    await manager.ask('DELETE', storePath('purge-store', 'purge'))
    await lock('/resourceGroups/purge', 'CanNotDelete')
    const purges = [
      '/providers/Microsoft.KeyVault/locations/local/deletedVaults/purge-vault/purge',
      '/providers/Microsoft.AppConfiguration/locations/local/deletedConfigurationStores/purge-store/purge',
    ]
    for (const path of purges) assert.equal((await manager.ask('POST', path)).json.error.code, 'ScopeLocked')
    await unlock('/resourceGroups/purge')
    for (const path of purges) assert.equal((await manager.ask('POST', path)).status, 200)
  })

  it('keeps role assignments as they are: none is taken away under any lock, none is made under a ReadOnly one', async () => {
    await group('roles')
    const vault = `/subscriptions/${manager.subscription}${vaultPath('roles-vault', 'roles')}`
    const person = await house.newcomer('somebody')
    const unassign = await house.assign(person.principal, builtInRoles.keyVaultReader, vault)
    await lock(vaultPath('roles-vault', 'roles'), 'CanNotDelete')
    await assert.rejects(unassign, /ScopeLocked|cannot perform delete/)
    await house.assign(person.principal, builtInRoles.keyVaultSecretsUser, vault)
    await lock(vaultPath('roles-vault', 'roles'), 'ReadOnly')
    await assert.rejects(
      house.assign(person.principal, builtInRoles.keyVaultSecretsOfficer, vault),
      /cannot perform write/,
    )
    await unlock(vaultPath('roles-vault', 'roles'))
    await unassign()
  })

  it('that is ReadOnly lets nothing be changed, and no keys be listed or renewed', async () => {
    await group('frozen')
    await lock('/resourceGroups/frozen', 'ReadOnly')
    const store = storePath('frozen-store', 'frozen')
    const properties = { tenantId: house.cardea.installation.tenant, sku: { family: 'A', name: 'standard' } }
    const tries: [string, string, object?][] = [
      ['PATCH', vaultPath('frozen-vault', 'frozen'), { tags: {} }],
      ['PUT', vaultPath('frozen-more', 'frozen'), { location, properties }],
      ['PATCH', store, { tags: {} }],
      ['POST', `${store}/listKeys`],
      ['POST', `${store}/regenerateKey`, { id: 'any' }],
      ['PATCH', '/resourceGroups/frozen', { tags: {} }],
      ['PUT', '/resourceGroups/frozen', { location }],
      ['DELETE', store],
    ]
    for (const [method, path, body] of tries) {
      assert.equal((await manager.ask(method, path, body)).json.error.code, 'ScopeLocked', `${method} ${path}`)
    }
    assert.equal((await manager.ask('GET', store)).status, 200)
    await unlock('/resourceGroups/frozen')
    assert.equal((await manager.ask('POST', `${store}/listKeys`)).json.value.length, 4)
  })
})
