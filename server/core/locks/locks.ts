import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import { isWithin } from '#base/scope.ts'
import type { Sql } from '#base/sql.ts'
import { type Deed, type Lock, lockAgainst, lockId } from './lock.ts'
import { allLocks, keepLock, removeLock } from './lock-rows.ts'

/**
 * Refuses what a lock forbids, by the name of the lock. Whoever changes a resource of the management plane, or deletes
 * it, asks here first, in the same turn.
 */
export async function refuseLocked(sql: Sql, resource: string, deed: Deed): Promise<void> {
  const lock = lockAgainst(await allLocks(sql), resource, deed)
  if (lock === undefined) return
  throw new Fault(
    'locked',
    `The scope '${resource}' cannot perform ${deed} operation because following scope(s) are locked: '${lock.scope}'. Please remove the lock '${lockId(lock)}' (${lock.level}) and try again.`,
  )
}

/** The locks that hold at a resource: those on it and above it, and those below. */
export const locksAround = async (sql: Sql, resource: string): Promise<Lock[]> =>
  (await allLocks(sql)).filter(({ scope }) => isWithin(scope, resource) || isWithin(resource, scope))

/** The lock of this name on exactly this resource. */
export const lockAt = async (sql: Sql, at: Pick<Lock, 'scope' | 'name'>): Promise<Lock | undefined> =>
  (await allLocks(sql)).find((lock) => lockId(lock).toLowerCase() === lockId(at).toLowerCase())

/** Puts a lock, or changes the one of this name at this scope. */
export const putLock = (turn: Turn, lock: Lock): Promise<void> => keepLock(turn.sql, lock, turn.at)

/** Takes a lock away; false when there was none. */
export const dropLock = (turn: Turn, lock: Pick<Lock, 'scope' | 'name'>): Promise<boolean> => removeLock(turn.sql, lock)

/** Takes away the locks at a resource that is gone, and below it. */
export async function forgetLocks({ sql }: Turn, resource: string): Promise<void> {
  for (const lock of await allLocks(sql)) if (isWithin(resource, lock.scope)) await removeLock(sql, lock)
}
