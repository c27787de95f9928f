import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { forgetScope } from '#core/access/forget-scope.ts'
import { dropAccessKeys } from '#core/access/keys-of-store.ts'
import { keepPermissionModel, permissionModelOf } from '#core/access/permission-model.ts'
import { forgetSettings } from '#core/configuration/forget.ts'
import { forgetChanges } from '#core/events/events.ts'
import { forgetLocks, refuseLocked } from '#core/locks/locks.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { scheduleAt, unschedule } from '#core/schedule/schedule.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { forgetSubscriptions } from '#core/subscriptions/subscriptions.ts'
import { purgeDate } from '#core/vaults/managed.ts'
import { groupIn, lastIn } from '#core/vaults/resource-id.ts'
import type { ManagedStore } from '#core/vaults/store.ts'
import { eraseStore, keepStore, storeNamed, storesIn } from '#core/vaults/vaults.ts'
import { groupNamed } from './groups.ts'

/** The kind under which a deleted store waits for its purge. */
export const purgingStores = 'purge-store'

export type DeletedStore = ManagedStore & { readonly removal: NonNullable<ManagedStore['removal']> }

const deleted = (store: ManagedStore | undefined): store is DeletedStore => store?.removal !== undefined

const noSuchDeletedStore = (name: string): Fault =>
  new Fault('not-found', `There is no deleted store '${name}'.`, { arm: 'ResourceNotFound' })

type Hands = { readonly turn: Turn; readonly keyring: Keyring }

/** Deletes a store with all that is in it; until its purge it can be recovered just as it was. */
export async function deleteStore({ sql, turn, keyring }: Scope<'stores/delete'>, id: string): Promise<boolean> {
  const store = await storeNamed(sql, lastIn(id))
  if (store?.removal !== undefined || store?.resourceId.toLowerCase() !== id.toLowerCase()) return false
  await refuseLocked(sql, store.resourceId, 'delete')
  await closeStore({ turn, keyring }, store)
  return true
}

/** Marks a store as deleted, for whoever has seen that it may go. */
export async function closeStore({ turn, keyring }: Hands, store: ManagedStore): Promise<void> {
  const removal = { deleted: turn.at, purge: purgeDate(store, turn.at) }
  await keepStore(turn, { ...store, updated: turn.at, removal })
  const model = await permissionModelOf(turn.sql, keyring, store.resourceId)
  await keepPermissionModel(turn, keyring, store.resourceId, { ...model, closed: true })
  await scheduleAt(turn, purgingStores, store.name, removal.purge)
}

/** Brings a deleted store back with all that was in it. One that is live already is the answer. */
export async function recoverStore(
  { sql, turn, keyring, at }: Scope<'stores/write'>,
  id: string,
): Promise<ManagedStore> {
  await groupNamed(sql, groupIn(id))
  const found = await storeNamed(sql, lastIn(id))
  if (found?.resourceId.toLowerCase() !== id.toLowerCase()) throw noSuchDeletedStore(lastIn(id))
  if (found.removal === undefined) return found
  await refuseLocked(sql, found.resourceId, 'write')
  const store = { ...found, updated: at, removal: undefined }
  await keepStore(turn, store)
  const model = await permissionModelOf(sql, keyring, store.resourceId)
  await keepPermissionModel(turn, keyring, store.resourceId, { ...model, closed: false })
  await unschedule(turn, purgingStores, store.name)
  return store
}

/** The deleted store of this name, in this location if one is named. */
async function deletedStore(sql: Sql, name: string, location?: string): Promise<DeletedStore> {
  const store = await storeNamed(sql, name)
  if (!deleted(store) || (location !== undefined && store.location !== location)) throw noSuchDeletedStore(name)
  return store
}

export const getDeletedStore = (
  { sql }: Sight<'deleted-stores/read'>,
  name: string,
  location: string,
): Promise<DeletedStore> => deletedStore(sql, name, location)

/** Deleted stores by name, as far as the caller may read them. */
export const listDeletedStores = async ({ sql, permit }: Sight<'deleted-stores/read'>): Promise<DeletedStore[]> =>
  (await storesIn(sql, { deleted: true }))
    .filter(deleted)
    .filter(({ resourceId }) => permit.allows('deleted-stores/read', resourceId))

/** Takes a deleted store away for good, with every value and its keys. With purge protection only time can. */
export async function purgeStore(
  { sql, turn, keyring, at }: Scope<'deleted-stores/purge'>,
  name: string,
  location?: string,
): Promise<void> {
  const store = await deletedStore(sql, name, location)
  if (at < store.removal.purge) {
    if (store.purgeProtection) {
      throw new Fault(
        'protected',
        `The store '${store.name}' has purge protection. It will be purged after its retention period has passed.`,
        { arm: 'OperationNotAllowed' },
      )
    }
    await refuseLocked(sql, store.resourceId, 'delete')
  }
  await forgetSettings(turn, store)
  await dropAccessKeys(turn, store.name)
  await forgetChanges(turn, store.resourceId)
  await forgetLocks(turn, store.resourceId)
  await forgetSubscriptions(turn, store.resourceId)
  await forgetScope(turn, store.resourceId)
  await unschedule(turn, purgingStores, store.name)
  await eraseStore(turn, keyring, store)
}
