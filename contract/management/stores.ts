import { named } from '../directory/objects.ts'
import { operation } from '../operation.ts'
import { flag, nothing, nullable, optional, type Read, record, whole } from '../shape.ts'
import { first, inGroup, inSubscription, nameWished, none, part, reading, region, tags, word } from './shapes.ts'

const inStore = record({ subscription: part, group: part, store: part })
const deletedStore = record({ subscription: part, location: region, store: part })
const path =
  '/subscriptions/:subscription/resourceGroups/:group/providers/Microsoft.AppConfiguration/configurationStores/:store'
const subscription = '/subscriptions/:subscription/providers/Microsoft.AppConfiguration'
const deletedPath = `${subscription}/locations/:location/deletedConfigurationStores/:store`

/** What somebody says of a store: whole in a PUT, only what changes in a PATCH. */
const storeBody = record({
  location: optional(region),
  tags: optional(tags),
  sku: optional(record({ name: word('free', 'developer', 'standard', 'premium') })),
  properties: optional(
    record({
      publicNetworkAccess: optional(word('Enabled', 'Disabled')),
      disableLocalAuth: optional(flag),
      /** For how long it is kept what settings were. */
      defaultKeyValueRevisionRetentionPeriodInSeconds: optional(whole(-1, Number.MAX_SAFE_INTEGER)),
      softDeleteRetentionInDays: optional(whole(-1, 1_000_000)),
      enablePurgeProtection: optional(flag),
      createMode: optional(word('Default', 'Recover')),
      /** What Azure fixes by tier and here is the store's own. */
      cardea: optional(
        record({
          settingBytesMax: optional(whole(-1, Number.MAX_SAFE_INTEGER)),
          storageBytesMax: nullable(whole(-1, Number.MAX_SAFE_INTEGER)),
        }),
      ),
    }),
  ),
})
export type StoreBody = Read<typeof storeBody>

export const putStore = operation({
  id: 'StorePut',
  method: 'PUT',
  path: path,
  since: first,
  action: 'stores/write',
  effect: 'write',
  params: inStore,
  query: none,
  body: storeBody,
  status: 200,
})

export const patchStore = operation({
  id: 'StorePatch',
  method: 'PATCH',
  path: path,
  since: first,
  action: 'stores/write',
  effect: 'write',
  params: inStore,
  query: none,
  body: storeBody,
  status: 200,
})

export const getStore = operation({
  ...reading,
  id: 'StoreGet',
  path: path,
  action: 'stores/read',
  params: inStore,
  query: none,
})

export const deleteStore = operation({
  id: 'StoreDelete',
  method: 'DELETE',
  path: path,
  since: first,
  action: 'stores/delete',
  effect: 'write',
  params: inStore,
  query: none,
  body: nothing,
  status: 200,
})

export const listGroupStores = operation({
  ...reading,
  id: 'StoreListByGroup',
  path: '/subscriptions/:subscription/resourceGroups/:group/providers/Microsoft.AppConfiguration/configurationStores',
  action: 'stores/read',
  reach: 'within',
  params: inGroup,
  query: none,
})

export const listStores = operation({
  ...reading,
  id: 'StoreList',
  path: `${subscription}/configurationStores`,
  action: 'stores/read',
  reach: 'within',
  params: inSubscription,
  query: none,
})

export const listStoreKeys = operation({
  id: 'StoreKeyList',
  method: 'POST',
  path: `${path}/listKeys`,
  since: first,
  action: 'stores/list-keys',
  effect: 'read',
  params: inStore,
  query: none,
  body: nothing,
  status: 200,
})

export const regenerateStoreKey = operation({
  id: 'StoreKeyRegenerate',
  method: 'POST',
  path: `${path}/regenerateKey`,
  since: first,
  action: 'stores/regenerate-key',
  effect: 'write',
  params: inStore,
  query: none,
  body: record({ id: named(128) }),
  status: 200,
})

export const listDeletedStores = operation({
  ...reading,
  id: 'DeletedStoreList',
  path: `${subscription}/deletedConfigurationStores`,
  action: 'deleted-stores/read',
  reach: 'within',
  params: inSubscription,
  query: none,
})

export const getDeletedStore = operation({
  ...reading,
  id: 'DeletedStoreGet',
  path: deletedPath,
  action: 'deleted-stores/read',
  params: deletedStore,
  query: none,
})

export const purgeDeletedStore = operation({
  id: 'StorePurge',
  method: 'POST',
  path: `${deletedPath}/purge`,
  since: first,
  action: 'deleted-stores/purge',
  effect: 'write',
  params: deletedStore,
  query: none,
  body: nothing,
  status: 200,
})

/** The same, asked of a region: a name is taken everywhere or nowhere. */
export const checkStoreNameInRegion = operation({
  id: 'StoreNameCheckInRegion',
  method: 'POST',
  path: `${subscription}/locations/:location/checkNameAvailability`,
  since: first,
  action: 'store-names/check',
  effect: 'read',
  params: record({ subscription: part, location: region }),
  query: none,
  body: nameWished,
  status: 200,
})

export const checkStoreName = operation({
  id: 'StoreNameCheck',
  method: 'POST',
  path: `${subscription}/checkNameAvailability`,
  since: first,
  action: 'store-names/check',
  effect: 'read',
  params: inSubscription,
  query: none,
  body: nameWished,
  status: 200,
})
