import { guid } from '../guid.ts'
import { operation } from '../operation.ts'
import { flag, list, nothing, optional, type Read, record, text, whole } from '../shape.ts'
import { first, inGroup, inSubscription, nameWished, none, pages, part, reading, region, tags, word } from './shapes.ts'

const inVault = record({ subscription: part, group: part, vault: part })
const deletedVault = record({ subscription: part, location: region, vault: part })
const path = '/subscriptions/:subscription/resourceGroups/:group/providers/Microsoft.KeyVault/vaults/:vault'
const subscription = '/subscriptions/:subscription/providers/Microsoft.KeyVault'
const deletedPath = `${subscription}/locations/:location/deletedVaults/:vault`

const words = optional(list(text({ maxCharacters: 64 }), { maxItems: 64 }))

/** One entry of a vault's access policies. */
const accessPolicy = record({
  tenantId: guid,
  objectId: guid,
  applicationId: optional(guid),
  permissions: record({ secrets: words, keys: words, certificates: words, storage: words }),
})

const properties = record({
  tenantId: optional(guid),
  sku: optional(record({ family: optional(word('A')), name: word('standard', 'premium') })),
  accessPolicies: optional(list(accessPolicy, { maxItems: 1024 })),
  enableRbacAuthorization: optional(flag),
  enableSoftDelete: optional(flag),
  softDeleteRetentionInDays: optional(whole(-1, 1_000_000)),
  enablePurgeProtection: optional(flag),
  enabledForDeployment: optional(flag),
  enabledForDiskEncryption: optional(flag),
  enabledForTemplateDeployment: optional(flag),
  networkAcls: optional(
    record({
      bypass: optional(word('AzureServices', 'None')),
      defaultAction: optional(word('Allow', 'Deny')),
      ipRules: optional(list(record({ value: text({ maxCharacters: 64 }) }), { maxItems: 1000 })),
      virtualNetworkRules: optional(list(record({ id: text({ maxCharacters: 1024 }) }), { maxItems: 200 })),
    }),
  ),
  publicNetworkAccess: optional(word('Enabled', 'Disabled')),
  createMode: optional(word('default', 'recover')),
})

/** What somebody says of a vault: whole in a PUT, only what changes in a PATCH. */
const vaultBody = record({
  location: optional(region),
  tags: optional(tags),
  properties: optional(properties),
})
export type VaultBody = Read<typeof vaultBody>

export const putVault = operation({
  id: 'VaultPut',
  method: 'PUT',
  path: path,
  since: first,
  action: 'vaults/write',
  effect: 'write',
  params: inVault,
  query: none,
  body: vaultBody,
  status: 200,
})

export const patchVault = operation({
  id: 'VaultPatch',
  method: 'PATCH',
  path: path,
  since: first,
  action: 'vaults/write',
  effect: 'write',
  params: inVault,
  query: none,
  body: vaultBody,
  status: 200,
})

export const getVault = operation({
  ...reading,
  id: 'VaultGet',
  path: path,
  action: 'vaults/read',
  params: inVault,
  query: none,
})

export const deleteVault = operation({
  id: 'VaultDelete',
  method: 'DELETE',
  path: path,
  since: first,
  action: 'vaults/delete',
  effect: 'write',
  params: inVault,
  query: none,
  body: nothing,
  status: 200,
})

/** Changes single entries of a vault's access policies, and leaves the rest as it is. */
export const putAccessPolicies = operation({
  id: 'AccessPoliciesPut',
  method: 'PUT',
  path: `${path}/accessPolicies/:change`,
  since: first,
  action: 'access-policies/write',
  effect: 'write',
  params: record({ subscription: part, group: part, vault: part, change: word('add', 'replace', 'remove') }),
  query: none,
  body: record({ properties: record({ accessPolicies: list(accessPolicy, { maxItems: 1024 }) }) }),
  status: 200,
})

export const listGroupVaults = operation({
  ...reading,
  id: 'VaultListByGroup',
  path: '/subscriptions/:subscription/resourceGroups/:group/providers/Microsoft.KeyVault/vaults',
  action: 'vaults/read',
  reach: 'within',
  params: inGroup,
  query: pages,
})

export const listVaults = operation({
  ...reading,
  id: 'VaultList',
  path: `${subscription}/vaults`,
  action: 'vaults/read',
  reach: 'within',
  params: inSubscription,
  query: pages,
})

export const listDeletedVaults = operation({
  ...reading,
  id: 'DeletedVaultList',
  path: `${subscription}/deletedVaults`,
  action: 'deleted-vaults/read',
  reach: 'within',
  params: inSubscription,
  query: pages,
})

export const getDeletedVault = operation({
  ...reading,
  id: 'DeletedVaultGet',
  path: deletedPath,
  action: 'deleted-vaults/read',
  params: deletedVault,
  query: none,
})

export const purgeDeletedVault = operation({
  id: 'VaultPurge',
  method: 'POST',
  path: `${deletedPath}/purge`,
  since: first,
  action: 'deleted-vaults/purge',
  effect: 'write',
  params: deletedVault,
  query: none,
  body: nothing,
  status: 200,
})

export const checkVaultName = operation({
  id: 'VaultNameCheck',
  method: 'POST',
  path: `${subscription}/checkNameAvailability`,
  since: first,
  action: 'vault-names/check',
  effect: 'read',
  params: inSubscription,
  query: none,
  body: nameWished,
  status: 200,
})

/** There are no managed HSMs here, and `az keyvault list` asks for them. */
export const listManagedHsms = operation({
  ...reading,
  id: 'ManagedHsmList',
  path: `${subscription}/managedHSMs`,
  action: 'vaults/read',
  reach: 'within',
  params: inSubscription,
  query: none,
})

export const listGroupManagedHsms = operation({
  ...reading,
  id: 'ManagedHsmListByGroup',
  path: '/subscriptions/:subscription/resourceGroups/:group/providers/Microsoft.KeyVault/managedHSMs',
  action: 'vaults/read',
  reach: 'within',
  params: inGroup,
  query: none,
})

export const listDeletedManagedHsms = operation({
  ...reading,
  id: 'DeletedManagedHsmList',
  path: `${subscription}/deletedManagedHSMs`,
  action: 'deleted-vaults/read',
  reach: 'within',
  params: inSubscription,
  query: none,
})
