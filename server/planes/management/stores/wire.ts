import type { StoreBody } from '@cardea/contract/management/stores'
import type { ShownKey } from '#core/access/keys-of-store.ts'
import type { DeletedStore } from '#core/resources/store-life.ts'
import { lastIn } from '#core/vaults/resource-id.ts'
import type { ManagedStore, StoreDraft } from '#core/vaults/store.ts'

type Properties = NonNullable<StoreBody['properties']>
export type StoreUrl = { readonly storeUrl: (name: string) => string }

/** Their words into ours. */
export const draftFrom = ({ location, tags, sku, properties = {} as Properties }: StoreBody): StoreDraft => ({
  location,
  tags,
  sku: sku?.name,
  retentionDays: properties.softDeleteRetentionInDays,
  purgeProtection: properties.enablePurgeProtection,
  publicAccess: properties.publicNetworkAccess && properties.publicNetworkAccess === 'Enabled',
  accessKeys: properties.disableLocalAuth === undefined ? undefined : !properties.disableLocalAuth,
  historySeconds: properties.defaultKeyValueRevisionRetentionPeriodInSeconds,
  settingBytesMax: properties.cardea?.settingBytesMax,
  storageBytesMax: properties.cardea?.storageBytesMax,
})

/** Ours into theirs; how much is in it where that was looked at. */
export const resourceOf = (store: ManagedStore, { storeUrl }: StoreUrl, storageBytes?: number): object => ({
  id: store.resourceId,
  name: lastIn(store.resourceId),
  type: 'Microsoft.AppConfiguration/configurationStores',
  location: store.location,
  tags: store.tags,
  sku: { name: store.sku },
  systemData: {
    createdAt: new Date(store.created).toISOString(),
    lastModifiedAt: new Date(store.updated).toISOString(),
  },
  properties: {
    provisioningState: 'Succeeded',
    creationDate: new Date(store.created).toISOString(),
    endpoint: storeUrl(store.name),
    encryption: { keyVaultProperties: null },
    privateEndpointConnections: null,
    publicNetworkAccess: store.publicAccess ? 'Enabled' : 'Disabled',
    disableLocalAuth: !store.accessKeys,
    defaultKeyValueRevisionRetentionPeriodInSeconds: store.historySeconds,
    softDeleteRetentionInDays: store.retentionDays,
    enablePurgeProtection: store.purgeProtection,
    cardea: {
      settingBytesMax: store.settingBytesMax,
      storageBytesMax: store.storageBytesMax ?? null,
      ...(storageBytes !== undefined && { storageBytes }),
    },
  },
})

/** An access key, with the connection string that clients take. */
export function keyOf(
  store: ManagedStore,
  { id, name, readOnly, created, secret }: ShownKey,
  { storeUrl }: StoreUrl,
): object {
  return {
    id,
    name,
    value: secret,
    connectionString: `Endpoint=${storeUrl(store.name)};Id=${id};Secret=${secret}`,
    lastModified: new Date(created).toISOString(),
    readOnly,
  }
}

/** A deleted store, as its own resource. */
export function deletedOf(store: DeletedStore, subscription: string): object {
  const { resourceId, location, removal, tags, purgeProtection } = store
  const name = lastIn(resourceId)
  return {
    id: `/subscriptions/${subscription}/providers/Microsoft.AppConfiguration/locations/${location}/deletedConfigurationStores/${name}`,
    name,
    type: 'Microsoft.AppConfiguration/deletedConfigurationStores',
    properties: {
      configurationStoreId: resourceId,
      location,
      tags,
      deletionDate: new Date(removal.deleted).toISOString(),
      scheduledPurgeDate: new Date(removal.purge).toISOString(),
      purgeProtectionEnabled: purgeProtection,
    },
  }
}
