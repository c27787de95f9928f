import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import {
  dropAccessKeys,
  foundAccessKeys,
  listAccessKeys,
  regenerateAccessKey,
  type ShownKey,
} from '#core/access/keys-of-store.ts'
import { refuseLocked } from '#core/locks/locks.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { groupIn, lastIn, spelledIn } from '#core/vaults/resource-id.ts'
import { changedStore, type ManagedStore, newStore, type StoreDraft, wrongStoreName } from '#core/vaults/store.ts'
import { foundStore, keepStore, liveStore, newSealingKey, storeNamed, storesIn } from '#core/vaults/vaults.ts'
import { groupNamed } from './groups.ts'

const noSuchStore = (id: string): Fault =>
  new Fault(
    'not-found',
    `The Resource 'Microsoft.AppConfiguration/configurationStores/${lastIn(id)}' under resource group '${groupIn(id)}' was not found.`,
    { arm: 'ResourceNotFound' },
  )

/** The live store with this resource id: one of the same name in another group is not it. */
export async function storeAt(sql: Sql, id: string): Promise<ManagedStore> {
  const store = await liveStore(sql, lastIn(id))
  if (store?.resourceId.toLowerCase() !== id.toLowerCase()) throw noSuchStore(id)
  return store as ManagedStore
}

/** The live store with this resource id. */
export const getStore = ({ sql }: Sight<'stores/read'>, id: string): Promise<ManagedStore> => storeAt(sql, id)

/** The stores of a group, or all, as far as the caller may read them. */
export async function listStores({ sql, permit }: Sight<'stores/read'>, group?: string): Promise<ManagedStore[]> {
  if (group !== undefined) await groupNamed(sql, group)
  return (await storesIn(sql, { group, deleted: false })).filter(({ resourceId }) =>
    permit.allows('stores/read', resourceId),
  )
}

/** Why a name can't be given to a store now, if it can't. */
export async function storeNameTaken(
  { sql }: { readonly sql: Sql },
  name: string,
): Promise<{ readonly reason: 'Invalid' | 'AlreadyExists'; readonly message: string } | undefined> {
  const wrong = wrongStoreName(name)
  if (wrong !== undefined) return { reason: 'Invalid', message: wrong }
  const found = await storeNamed(sql, name)
  return found && { reason: 'AlreadyExists', message: takenWords(found) }
}

const takenWords = ({ name, removal }: ManagedStore): string =>
  removal === undefined
    ? `The specified name '${name}' is already in use.`
    : `The specified name '${name}' is that of a deleted store. Recover or purge it first.`

/** Makes a store, or changes the one that is there. Answers with whether it is new. */
export async function putStore(
  scope: Scope<'stores/write'>,
  asked: string,
  draft: StoreDraft,
): Promise<{ readonly store: ManagedStore; readonly fresh: boolean }> {
  const { sql, turn, keyring, at } = scope
  const id = spelledIn(asked, (await groupNamed(sql, groupIn(asked))).name)
  const found = await storeNamed(sql, lastIn(id))
  if (found?.removal === undefined && found?.resourceId.toLowerCase() === id.toLowerCase()) {
    // A PUT says the whole: tags that it doesn't name are gone.
    return { store: await change(scope, found, { ...draft, tags: draft.tags ?? {} }), fresh: false }
  }
  await refuseLocked(sql, id, 'write')
  const wrong = wrongStoreName(lastIn(id))
  if (wrong !== undefined) throw new Fault('invalid', wrong, { arm: 'InvalidResourceName' })
  if (found !== undefined) throw new Fault('conflict', takenWords(found), { arm: 'NameUnavailable' })
  const store = newStore(id, newSealingKey('store', lastIn(id).toLowerCase()), draft, at)
  await foundStore(turn, keyring, store)
  if (store.accessKeys) await foundAccessKeys(turn, keyring, store)
  return { store, fresh: true }
}

/** Changes what is named of a store. */
export const patchStore = async (scope: Scope<'stores/write'>, id: string, draft: StoreDraft): Promise<ManagedStore> =>
  change(scope, await storeAt(scope.sql, id), draft)

async function change(
  { sql, turn, keyring, at }: Scope<'stores/write'>,
  before: ManagedStore,
  draft: StoreDraft,
): Promise<ManagedStore> {
  await refuseLocked(sql, before.resourceId, 'write')
  const store = changedStore(before, draft, at)
  await keepStore(turn, store)
  // As in Azure, keys that are switched off are gone, and others come when they are switched on again.
  if (before.accessKeys && !store.accessKeys) await dropAccessKeys(turn, store.name)
  if (!before.accessKeys && store.accessKeys) await foundAccessKeys(turn, keyring, store)
  return store
}

/** The access keys of a store. Asked for by POST, so a ReadOnly lock forbids it, as in Azure. */
export async function listKeys(
  sight: Sight<'stores/list-keys'>,
  id: string,
): Promise<{ readonly store: ManagedStore; readonly keys: readonly ShownKey[] }> {
  const store = await storeAt(sight.sql, id)
  await refuseLocked(sight.sql, store.resourceId, 'write')
  return { store, keys: await listAccessKeys(sight, store.name) }
}

/** Renews one access key of a store. */
export async function regenerateKey(
  scope: Scope<'stores/regenerate-key'>,
  id: string,
  key: string,
): Promise<{ readonly store: ManagedStore; readonly key: ShownKey }> {
  const store = await storeAt(scope.sql, id)
  await refuseLocked(scope.sql, store.resourceId, 'write')
  return { store, key: await regenerateAccessKey(scope, store, key) }
}
