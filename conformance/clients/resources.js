/** Vaults and stores through Azure's management clients, as their documentation shows it. Prints what it saw. */

import { AppConfigurationClient } from '@azure/app-configuration'
import { AppConfigurationManagementClient } from '@azure/arm-appconfiguration'
import { KeyVaultManagementClient } from '@azure/arm-keyvault'
import { DefaultAzureCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'

const [subscription, tenantId, endpoint] = process.argv.slice(2)
const credential = new DefaultAzureCredential()
const { vaults, operations: vaultOperations } = new KeyVaultManagementClient(credential, subscription, { endpoint })
const { configurationStores: stores, operations } = new AppConfigurationManagementClient(credential, subscription, {
  endpoint,
})
const [group, location] = ['demo', 'local']
const seen = {}
const refusal = async (promise) =>
  promise.then(
    () => 'no refusal',
    ({ statusCode, code }) => `${statusCode} ${code}`,
  )
const named = async (pages) => {
  const names = []
  for await (const { name } of pages) names.push(name)
  return names
}

const sku = { family: 'A', name: 'standard' }
const wanted = { location, properties: { tenantId, sku, softDeleteRetentionInDays: 7 }, tags: { a: '1' } }
seen.free = (await vaults.checkNameAvailability({ name: 'arm-vault', type: 'Microsoft.KeyVault/vaults' })).nameAvailable
const vault = await vaults.createOrUpdate(group, 'arm-vault', wanted)
seen.made = [vault.name, vault.properties.enableRbacAuthorization, vault.properties.softDeleteRetentionInDays]
const secrets = new SecretClient(vault.properties.vaultUri, credential)
await secrets.setSecret('kept', 'value')
seen.updated = (await vaults.update(group, 'arm-vault', { tags: { b: '2' } })).tags
seen.read = (await vaults.get(group, 'arm-vault')).properties.provisioningState
seen.lists = [
  await named(vaults.list()),
  await named(vaults.listBySubscription()),
  await named(vaults.listByResourceGroup(group)),
]
const pages = []
for await (const page of vaults.listBySubscription({ top: 1 }).byPage()) pages.push(page.map(({ name }) => name))
for await (const page of vaults.list({ top: 1 }).byPage()) pages.push(page.map(({ name }) => name))
seen.pages = pages
const objectId = '00000000-0000-4000-8000-00000000000a'
const policy = async (kind, secrets) =>
  (
    await vaults.updateAccessPolicy(group, 'arm-vault', kind, {
      properties: { accessPolicies: [{ tenantId, objectId, permissions: { secrets } }] },
    })
  ).properties.accessPolicies.map(({ permissions }) => permissions.secrets)
seen.policies = [
  await policy('add', ['get']),
  await policy('add', ['Get', 'list']),
  await policy('replace', ['set', 'list']),
  await policy('remove', ['SET']),
  await policy('remove', ['list']),
]
seen.missing = await refusal(vaults.get(group, 'never-was'))
await vaults.delete(group, 'arm-vault')
seen.gone = await refusal(vaults.get(group, 'arm-vault'))
seen.deleted = [await named(vaults.listDeleted()), (await vaults.getDeleted('arm-vault', location)).properties.vaultId]
seen.taken = await refusal(vaults.createOrUpdate(group, 'arm-vault', wanted).pollUntilDone())
await vaults.createOrUpdate(group, 'arm-vault', {
  location,
  properties: { tenantId, sku, createMode: 'recover' },
})
seen.recovered = (await secrets.getSecret('kept')).value
await vaults.delete(group, 'arm-vault')
await vaults.beginPurgeDeletedAndWait('arm-vault', location)
seen.purged = await refusal(vaults.getDeleted('arm-vault', location))

const other = await vaults.beginCreateOrUpdateAndWait(group, 'arm-other', wanted)
await vaults.delete(group, other.name)
seen.otherPurged = await (await vaults.beginPurgeDeleted(other.name, location)).pollUntilDone()
const operationsOf = async (list) => {
  const names = await named(list)
  return names.filter((name) => /\/(getSecret|ListKeys)\/action$|keyValues\/read$/.test(name))
}
seen.operations = [await operationsOf(vaultOperations.list()), await operationsOf(operations.list())]

const store = await stores.beginCreateAndWait(group, 'arm-store', { location, sku: { name: 'Standard' } })
const { sku: tier, provisioningState, creationDate } = await stores.get(group, store.name)
seen.store = [store.name, tier.name, provisioningState, creationDate instanceof Date]
const keys = []
for await (const key of stores.listKeys(group, 'arm-store')) keys.push(key)
seen.keys = keys.map(({ name, readOnly }) => [name, readOnly])
const settings = new AppConfigurationClient(keys[0].connectionString)
await settings.setConfigurationSetting({ key: 'a', value: '1' })
const renewed = await stores.regenerateKey(group, 'arm-store', { id: keys[0].id })
seen.renewed = [renewed.name, renewed.id === keys[0].id]
seen.old = await settings.getConfigurationSetting({ key: 'a' }).then(
  () => 'works',
  ({ statusCode }) => statusCode,
)
seen.setting = (await new AppConfigurationClient(renewed.connectionString).getConfigurationSetting({ key: 'a' })).value
seen.changed = (await stores.beginUpdateAndWait(group, 'arm-store', { tags: { c: '3' } })).tags
seen.stores = [await named(stores.list()), await named(stores.listByResourceGroup(group))]
seen.storeName = (
  await operations.checkNameAvailability({ name: 'arm-store', type: 'Microsoft.AppConfiguration/configurationStores' })
).nameAvailable
seen.storeNameThere = (
  await operations.regionalCheckNameAvailability(location, {
    name: 'arm-store',
    type: 'Microsoft.AppConfiguration/configurationStores',
  })
).nameAvailable
await stores.beginDeleteAndWait(group, 'arm-store')
seen.deletedStores = await named(stores.listDeleted())
seen.deletedStore = (await stores.getDeleted(location, 'arm-store')).configurationStoreId
await stores.beginPurgeDeletedAndWait(location, 'arm-store')
seen.purgedStore = await refusal(stores.getDeleted(location, 'arm-store'))
console.log(JSON.stringify(seen))
