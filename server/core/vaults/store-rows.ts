import { settingBytesDefault } from '@cardea/contract/appconfig/key-values'
import { managedRows } from './managed-rows.ts'
import { historySecondsOf, type ManagedStore } from './store.ts'

/** What is missing was kept before stores could say so. */
type Profile = Partial<
  Pick<ManagedStore, 'sku' | 'accessKeys' | 'publicAccess' | 'historySeconds' | 'settingBytesMax' | 'storageBytesMax'>
>

/** How stores are kept. */
export const storeRows = managedRows<ManagedStore, Profile>('store', {
  written: ({ sku, accessKeys, publicAccess, historySeconds, settingBytesMax, storageBytesMax }) => ({
    ...{ sku, accessKeys, publicAccess, historySeconds, settingBytesMax, storageBytesMax },
  }),
  read: (managed, { sku = 'standard', accessKeys = true, publicAccess = true, ...profile }) => ({
    ...managed,
    ...{ sku, accessKeys, publicAccess },
    historySeconds: profile.historySeconds ?? historySecondsOf(sku),
    settingBytesMax: profile.settingBytesMax ?? settingBytesDefault,
    storageBytesMax: profile.storageBytesMax,
  }),
})
