import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { forgetScope } from '#core/access/forget-scope.ts'
import { keepPermissionModel, permissionModelOf } from '#core/access/permission-model.ts'
import { forgetChanges } from '#core/events/events.ts'
import { forgetLocks, refuseLocked } from '#core/locks/locks.ts'
import type { Scope } from '#core/perform.ts'
import { scheduleAt, unschedule } from '#core/schedule/schedule.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { forgetSubscriptions } from '#core/subscriptions/subscriptions.ts'
import { type Managed, purgeDate, type Removal } from '#core/vaults/managed.ts'
import { groupIn, lastIn } from '#core/vaults/resource-id.ts'
import { groupNamed } from './groups.ts'

export type Hands = { readonly turn: Turn; readonly keyring: Keyring }
type Acting = Pick<Scope<never>, 'sql' | 'turn' | 'keyring' | 'at'>

/** A vault or store that is deleted; what was in it waits, and nobody has any right there. */
export type Deleted<R extends Managed> = R & { readonly removal: Removal }

/** What is its own in how a kind of resource is deleted, recovered and purged. */
type Kind<R extends Managed> = {
  /** The kind of the due-index under which a deleted one waits for its purge. */
  readonly purging: string
  /** By its name, live or deleted. */
  named(sql: Sql, name: string): Promise<R | undefined>
  deletedOnes(sql: Sql): Promise<R[]>
  keep(turn: Turn, resource: R): Promise<void>
  erase(turn: Turn, keyring: Keyring, resource: R): Promise<void>
  /** Has what happens by itself in it wait while it is deleted, and go on when it is back. */
  pause(hands: Hands, resource: R): Promise<void>
  resume(hands: Hands, resource: R): Promise<void>
  /** Takes away all that is in it. */
  forget(hands: Hands, resource: R): Promise<void>
  noSuchDeleted(name: string): Fault
  /** Why nobody but time may purge it. */
  isProtected(name: string): string
}

/** How resources of a kind are deleted, recovered just as they were, and purged. */
export function lifeOf<R extends Managed>(kind: Kind<R>) {
  const isDeleted = (found: R | undefined): found is Deleted<R> => found?.removal !== undefined

  /** Closes its data to everybody, or lets in again whom its model names. */
  async function keepClosed({ turn, keyring }: Hands, { resourceId }: R, closed: boolean): Promise<void> {
    const model = await permissionModelOf(turn.sql, keyring, resourceId)
    await keepPermissionModel(turn, keyring, resourceId, { ...model, closed })
  }

  /** Marks one as deleted, for whoever has seen that it may go. */
  async function close(hands: Hands, resource: R): Promise<void> {
    const { turn } = hands
    const removal = { deleted: turn.at, purge: purgeDate(resource, turn.at) }
    await kind.keep(turn, { ...resource, updated: turn.at, removal })
    await keepClosed(hands, resource, true)
    await kind.pause(hands, resource)
    await scheduleAt(turn, kind.purging, resource.name, removal.purge)
  }

  /** The deleted one of this name, in this location if one is named. */
  async function deletedNamed(sql: Sql, name: string, location?: string): Promise<Deleted<R>> {
    const found = await kind.named(sql, name)
    if (!isDeleted(found) || (location !== undefined && found.location !== location)) throw kind.noSuchDeleted(name)
    return found
  }

  return {
    close,
    deletedNamed,

    /** Deletes the one with this resource id, with all that is in it; false if there is none that is live. */
    async remove({ sql, turn, keyring }: Omit<Acting, 'at'>, id: string): Promise<boolean> {
      const found = await kind.named(sql, lastIn(id))
      if (found?.removal !== undefined || found?.resourceId.toLowerCase() !== id.toLowerCase()) return false
      await refuseLocked(sql, found.resourceId, 'delete')
      await close({ turn, keyring }, found)
      return true
    },

    /** Brings a deleted one back with all that was in it. One that is live already is the answer. */
    async recover({ sql, turn, keyring, at }: Acting, id: string): Promise<R> {
      await groupNamed(sql, groupIn(id))
      const found = await kind.named(sql, lastIn(id))
      if (found?.resourceId.toLowerCase() !== id.toLowerCase()) throw kind.noSuchDeleted(lastIn(id))
      if (found.removal === undefined) return found
      await refuseLocked(sql, found.resourceId, 'write')
      const resource = { ...found, updated: at, removal: undefined }
      await kind.keep(turn, resource)
      await keepClosed({ turn, keyring }, resource, false)
      await unschedule(turn, kind.purging, resource.name)
      await kind.resume({ turn, keyring }, resource)
      return resource
    },

    /** Deleted ones by name, as far as somebody may read them. */
    async listDeleted(sql: Sql, mayRead: (resourceId: string) => boolean): Promise<Deleted<R>[]> {
      return (await kind.deletedOnes(sql)).filter(isDeleted).filter(({ resourceId }) => mayRead(resourceId))
    },

    /** Takes a deleted one away for good, with every value and its keys. With purge protection only time can. */
    async purge({ sql, turn, keyring, at }: Acting, name: string, location?: string): Promise<void> {
      const found = await deletedNamed(sql, name, location)
      const { resourceId } = found
      if (at < found.removal.purge) {
        if (found.purgeProtection)
          throw new Fault('protected', kind.isProtected(found.name), { arm: 'OperationNotAllowed' })
        await refuseLocked(sql, resourceId, 'delete')
      }
      await kind.forget({ turn, keyring }, found)
      await forgetChanges(turn, resourceId)
      await forgetLocks(turn, resourceId)
      await forgetSubscriptions(turn, resourceId)
      await forgetScope(turn, resourceId)
      await unschedule(turn, kind.purging, found.name)
      await kind.erase(turn, keyring, found)
    },
  }
}
