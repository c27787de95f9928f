import type { Action } from '@cardea/contract/actions'
import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { forgetAssignmentsAt } from '#core/access/forget-scope.ts'
import { everyIdentity, removeIdentity } from '#core/directory/managed-identities.ts'
import { everyWorkload, removeWorkload } from '#core/directory/workloads.ts'
import { forgetLocks, refuseLocked } from '#core/locks/locks.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { forgetSubscriptionsAt } from '#core/subscriptions/subscriptions.ts'
import type { Tags } from '#core/vaults/managed.ts'
import { groupIn, lastIn } from '#core/vaults/resource-id.ts'
import { storesIn, vaultsIn } from '#core/vaults/vaults.ts'
import { removeGroup } from './group-rows.ts'
import { groupNamed } from './groups.ts'
import type { Hands } from './life.ts'
import { closeStore } from './store-life.ts'
import { closeVault } from './vault-life.ts'

/** Anything that lies in a resource group. */
export type Resource = {
  readonly id: string
  readonly type: string
  readonly location: string
  readonly tags: Tags
  readonly created: Instant
  readonly updated: Instant
}

type Found = Resource & {
  /** What somebody needs to see it, and to delete it. */
  readonly read: Action
  readonly delete: Action
  /** Deletes it, for whoever has seen that it may go. */
  remove(hands: Hands): Promise<void>
}

const inGroup =
  (group: string | undefined) =>
  ({ resourceId }: { readonly resourceId: string }): boolean =>
    group === undefined || groupIn(resourceId).toLowerCase() === group.toLowerCase()

/** Every kind of resource there is. Who adds one adds it here: it is listed then, and goes when its group goes. */
const kinds: readonly ((sql: Sql, group: string | undefined) => Promise<Found[]>)[] = [
  async (sql, group) =>
    (await vaultsIn(sql, { group, deleted: false })).map((vault) => ({
      ...seen(vault, 'Microsoft.KeyVault/vaults'),
      read: 'vaults/read',
      delete: 'vaults/delete',
      remove: (hands) => closeVault(hands, vault),
    })),
  async (sql, group) =>
    (await storesIn(sql, { group, deleted: false })).map((store) => ({
      ...seen(store, 'Microsoft.AppConfiguration/configurationStores'),
      read: 'stores/read',
      delete: 'stores/delete',
      remove: (hands) => closeStore(hands, store),
    })),
  async (sql, group) =>
    (await everyIdentity(sql)).filter(inGroup(group)).map((identity) => ({
      ...seen(identity, 'Microsoft.ManagedIdentity/userAssignedIdentities'),
      read: 'identities/read',
      delete: 'identities/delete',
      remove: (hands) => removeIdentity(hands, identity),
    })),
  async (sql, group) =>
    (await everyWorkload(sql)).filter(inGroup(group)).map((workload) => ({
      ...seen(workload, 'Cardea.Workload/workloads'),
      read: 'workloads/read',
      delete: 'workloads/delete',
      remove: (hands) => removeWorkload(hands, workload),
    })),
]

type Kept = Omit<Resource, 'id' | 'type'> & { readonly resourceId: string }
const seen = ({ resourceId: id, location, tags, created, updated }: Kept, type: string): Resource => ({
  ...{ id, type, location, tags, created, updated },
})

/** One after another: inside a turn there is one connection. */
async function found(sql: Sql, group: string | undefined): Promise<Found[]> {
  const all: Found[] = []
  for (const kind of kinds) all.push(...(await kind(sql, group)))
  return all
}

/** The id of a resource in a group, as it was first spelled. */
export const resourceIdAt = async (sql: Sql, group: string, spelled: string): Promise<string | undefined> =>
  (await found(sql, group)).find(({ id }) => id.toLowerCase() === spelled.toLowerCase())?.id

/** Everything in a group, or in all, as far as the caller may see it. */
export async function listResources(
  { sql, permit }: Sight<'resources/read'>,
  group: string | undefined,
): Promise<Resource[]> {
  if (group !== undefined) await groupNamed(sql, group)
  return (await found(sql, group)).filter(({ id, read }) => permit.allows(read, id))
}

/** Deletes a group and all that is in it: vaults and stores can be recovered, each for its time. */
export async function deleteGroup({ sql, turn, keyring, permit }: Scope<'groups/delete'>, id: string): Promise<void> {
  const { name } = await groupNamed(sql, lastIn(id))
  await refuseLocked(sql, id, 'delete')
  for (const one of await found(sql, name)) {
    if (!permit.allows(one.delete, one.id)) {
      throw new Fault('forbidden', `The group holds '${one.id}', which you may not delete.`)
    }
    await one.remove({ turn, keyring })
  }
  await forgetLocks(turn, id)
  await forgetAssignmentsAt(turn, id)
  await forgetSubscriptionsAt(turn, id)
  await removeGroup(sql, name)
}
