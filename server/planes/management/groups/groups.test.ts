import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { openHouse } from '../../../testing/house.ts'
import { managementAudience, managementHost, managerOf, storePath, vaultPath } from '../testing/manager.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const manager = await managerOf(house)

const location = 'local'
const names = (json: { value: { name: string }[] }) => json.value.map(({ name }) => name)

describe('a resource group', () => {
  it('is made, asked for, changed and listed; the first one is there from the start', async () => {
    const made = await manager.ask('PUT', '/resourcegroups/Shop', { location: 'West Europe', tags: { team: 'a' } })
    assert.deepEqual([made.status, made.json.name, made.json.location], [201, 'Shop', 'westeurope'])
    const again = await manager.ask('PUT', '/resourceGroups/shop', { location: 'westeurope' })
    assert.deepEqual([again.status, again.json.name, again.json.tags], [200, 'Shop', {}])
    const patched = await manager.ask('PATCH', '/resourceGroups/SHOP', { tags: { team: 'b' } })
    assert.deepEqual(patched.json.tags, { team: 'b' })
    assert.equal((await manager.ask('HEAD', '/resourceGroups/shop')).status, 204)
    assert.equal((await manager.ask('HEAD', '/resourceGroups/nothing')).status, 404)
    assert.equal((await manager.ask('GET', '/resourceGroups/nothing')).json.error.code, 'ResourceGroupNotFound')
    assert.deepEqual(names((await manager.ask('GET', '/resourceGroups')).json), ['demo', 'Shop'])
    assert.equal((await manager.ask('PUT', '/resourceGroups/shop', { location: 'local' })).status, 409)
    assert.equal((await manager.ask('PUT', '/resourceGroups/new', {})).json.error.code, 'LocationRequired')
    assert.equal((await manager.ask('PUT', '/resourceGroups/ends.', { location })).status, 400)
  })

  it('takes what is in it along, and all of that can be had back once the group is there again', async () => {
    await manager.ask('PUT', '/resourceGroups/moving', { location })
    const properties = { tenantId: house.cardea.installation.tenant, sku: { family: 'A', name: 'standard' } }
    await manager.ask('PUT', vaultPath('moving-vault', 'moving'), { location, properties })
    await manager.ask('PUT', storePath('moving-store', 'moving'), { location, sku: { name: 'Standard' } })
    const person = await house.newcomer('reader of the group')
    const id = `/subscriptions/${manager.subscription}/resourceGroups/moving`
    await house.assign(person.principal, builtInRoles.owner, id)
    assert.equal((await manager.ask('DELETE', '/resourceGroups/moving')).status, 200)
    assert.equal((await manager.ask('GET', '/resourceGroups/moving')).status, 404)
    assert.deepEqual(names((await manager.ask('GET', '/providers/Microsoft.KeyVault/deletedVaults')).json), [
      'moving-vault',
    ])
    const stores = await manager.ask('GET', '/providers/Microsoft.AppConfiguration/deletedConfigurationStores')
    assert.deepEqual(names(stores.json), ['moving-store'])

    const recover = { location, properties: { ...properties, createMode: 'recover' } }
    assert.equal((await manager.ask('PUT', vaultPath('moving-vault', 'moving'), recover)).status, 404)
    await manager.ask('PUT', '/resourceGroups/moving', { location })
    assert.equal((await manager.ask('PUT', vaultPath('moving-vault', 'moving'), recover)).status, 200)
    const back = await manager.ask('PUT', storePath('moving-store', 'moving'), {
      location,
      sku: { name: 'Standard' },
      properties: { createMode: 'Recover' },
    })
    assert.equal(back.status, 200, back.text)
    // Whoever had rights on the group that was deleted has none on the one that came after it.
    const token = await person.token(managementAudience)
    assert.equal((await manager.ask('GET', '/resourceGroups/moving', undefined, { token })).status, 403)
  })
})

describe('the list of resources', () => {
  const list = async (filter: string, more = '') =>
    manager.ask('GET', `/resources?$filter=${encodeURIComponent(filter)}${more}`)

  it('is filtered as clients filter it', async () => {
    const vaults = "resourceType eq 'Microsoft.KeyVault/vaults'"
    assert.deepEqual(names((await list('')).json).includes('demo'), true)
    assert.deepEqual(names((await list(`${vaults} and name eq 'DEMO'`)).json), ['demo'])
    assert.deepEqual(names((await list("resourceGroup eq 'Demo'")).json), ['demo', 'demo'])
    assert.deepEqual(names((await list("name eq 'nothing'")).json), [])
    await manager.ask('PATCH', vaultPath('demo'), { tags: { env: 'prod' } })
    assert.deepEqual(names((await list("tagName eq 'env' and tagValue eq 'prod'")).json), ['demo'])
    const { json } = await list(`${vaults} and name eq 'demo'`, '&$expand=createdTime,changedTime,provisioningState')
    assert.ok(json.value[0].createdTime && json.value[0].provisioningState === 'Succeeded')
    for (const bad of ["size gt '3'", "name eq 'x' or name eq 'y'", 'name', "name eq 'x", "' and '"]) {
      assert.equal((await list(bad)).json.error?.code, 'InvalidFilterInQueryString', bad)
    }
    assert.equal((await manager.ask('GET', '/resourceGroups/nothing/resources')).status, 404)
  })

  it('shows what the caller may see, and nothing else', async () => {
    const reader = await house.newcomer('reader of one vault')
    await house.assign(
      reader.principal,
      builtInRoles.reader,
      `/subscriptions/${manager.subscription}${vaultPath('demo')}`,
    )
    const token = await reader.token(managementAudience)
    const { json } = await manager.ask('GET', '/resources', undefined, { token })
    assert.deepEqual(
      json.value.map(({ type }: { type: string }) => type),
      ['Microsoft.KeyVault/vaults'],
    )
    assert.deepEqual(names((await manager.ask('GET', '/resourceGroups', undefined, { token })).json), [])
    const vaults = await manager.ask('GET', '/providers/Microsoft.KeyVault/vaults', undefined, { token })
    assert.deepEqual(names(vaults.json), ['demo'])
    const stores = await manager.ask('GET', '/providers/Microsoft.AppConfiguration/configurationStores', undefined, {
      token,
    })
    assert.ok(stores.status === 403 || stores.json.value.length === 0)
  })
})

describe('what there is at all', () => {
  it('is told of one subscription, its tenant, its regions and its providers', async () => {
    const ask = (path: string) =>
      house.ask(managementHost, 'GET', `${path}?api%2Dversion=2022-12-01`, { token: manager.token })
    const { tenant } = house.cardea.installation
    const all = await ask('/subscriptions')
    assert.deepEqual([all.json.value[0].subscriptionId, all.json.value[0].state], [manager.subscription, 'Enabled'])
    assert.equal((await ask(`/subscriptions/${manager.subscription.toUpperCase()}`)).json.tenantId, tenant)
    assert.equal((await ask('/tenants')).json.value[0].tenantId, tenant)
    assert.ok(names((await manager.ask('GET', '/locations')).json).includes('local'))
    const provider = await manager.ask('GET', '/providers/microsoft.keyvault')
    assert.deepEqual([provider.json.namespace, provider.json.registrationState], ['Microsoft.KeyVault', 'Registered'])
    const registered = await manager.ask('POST', '/providers/Microsoft.AppConfiguration/register')
    assert.equal(registered.json.registrationState, 'Registered')
    assert.equal((await manager.ask('GET', '/providers/Microsoft.Nothing')).json.error.code, 'InvalidResourceNamespace')
    assert.ok((await manager.ask('GET', '/providers')).json.value.length > 3)
    const diagnostics = await manager.ask('GET', `${vaultPath('demo')}/providers/Microsoft.Insights/diagnosticSettings`)
    assert.deepEqual(diagnostics.json, { value: [] })
    const hsms = await manager.ask('GET', '/providers/Microsoft.KeyVault/managedHSMs')
    assert.deepEqual(hsms.json, { value: [] })
  })

  it('is told without a token, in the shape that each client reads', async () => {
    const ask = async (version: string) =>
      (await house.ask(managementHost, 'GET', `//metadata/endpoints?api-version=${version}`)).json
    const login = 'https://login.cardea.internal/adfs/t'
    assert.equal((await ask('2015-01-01')).authentication.loginEndpoint, login)
    const list = await ask('2019-05-01')
    assert.equal(list[0].authentication.loginEndpoint, login)
    const one = await ask('2022-09-01')
    assert.equal(one.suffixes.keyVaultDns, '.vault.cardea.internal')
    assert.equal(one.resourceManager, 'https://management.cardea.internal/')
    assert.equal((await house.ask(managementHost, 'GET', '/metadata/endpoints')).status, 400)
  })
})
