import { Fault } from '#base/fault.ts'
import { dropAccessKeys } from '#core/access/keys-of-store.ts'
import { forgetSettings } from '#core/configuration/forget.ts'
import type { Scope, Sight } from '#core/perform.ts'
import type { ManagedStore } from '#core/vaults/store.ts'
import { eraseStore, keepStore, storeNamed, storesIn } from '#core/vaults/vaults.ts'
import { type Deleted, type Hands, lifeOf } from './life.ts'

/** The kind under which a deleted store waits for its purge. */
export const purgingStores = 'purge-store'

export type DeletedStore = Deleted<ManagedStore>

const life = lifeOf<ManagedStore>({
  purging: purgingStores,
  named: storeNamed,
  deletedOnes: (sql) => storesIn(sql, { deleted: true }),
  keep: keepStore,
  erase: eraseStore,
  // What waits in a store finds out by itself that it is deleted, and waits for it.
  async pause() {},
  async resume() {},
  async forget({ turn }, store) {
    await forgetSettings(turn, store)
    await dropAccessKeys(turn, store.name)
  },
  noSuchDeleted: (name) => new Fault('not-found', `There is no deleted store '${name}'.`, { arm: 'ResourceNotFound' }),
  isProtected: (name) =>
    `The store '${name}' has purge protection. It will be purged after its retention period has passed.`,
})

/** Deletes a store with all that is in it; until its purge it can be recovered just as it was. */
export const deleteStore = (scope: Scope<'stores/delete'>, id: string): Promise<boolean> => life.remove(scope, id)

/** Marks a store as deleted, for whoever has seen that it may go. */
export const closeStore = (hands: Hands, store: ManagedStore): Promise<void> => life.close(hands, store)

/** Brings a deleted store back with all that was in it. One that is live already is the answer. */
export const recoverStore = (scope: Scope<'stores/write'>, id: string): Promise<ManagedStore> => life.recover(scope, id)

/** A deleted store, in the location where it was. */
export const getDeletedStore = (
  { sql }: Sight<'deleted-stores/read'>,
  name: string,
  location: string,
): Promise<DeletedStore> => life.deletedNamed(sql, name, location)

/** Deleted stores by name, as far as the caller may read them. */
export const listDeletedStores = ({ sql, permit }: Sight<'deleted-stores/read'>): Promise<DeletedStore[]> =>
  life.listDeleted(sql, (resourceId) => permit.allows('deleted-stores/read', resourceId))

/** Takes a deleted store away for good, with every value and its keys. With purge protection only time can. */
export const purgeStore = (scope: Scope<'deleted-stores/purge'>, name: string, location?: string): Promise<void> =>
  life.purge(scope, name, location)
