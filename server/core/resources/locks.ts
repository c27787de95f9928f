import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { type Lock, lockId } from '#core/locks/lock.ts'
import { dropLock, lockAt, locksAround, putLock } from '#core/locks/locks.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { groupId } from '#core/vaults/resource-id.ts'
import { groupNamed } from './groups.ts'
import { storeAt } from './stores.ts'
import { vaultAt } from './vaults.ts'

type Address = Pick<Lock, 'scope' | 'name'>

const noSuchLock = ({ name }: Address): Fault =>
  new Fault('not-found', `The lock '${name}' could not be found.`, { arm: 'LockNotFound' })

/** The subscription, the group if there is one, and what lies below that. */
const inSubscription = /^\/subscriptions\/([^/]+)(?:\/resourceGroups\/([^/]+)(.*))?/is

/** A scope as its resource spells it. Throws when there is no such vault, store or group: a lock is on something. */
async function canonical(sql: Sql, scope: string): Promise<string> {
  if (/\/providers\/microsoft\.keyvault\/vaults\/[^/]+$/i.test(scope)) return (await vaultAt(sql, scope)).resourceId
  if (/\/configurationstores\/[^/]+$/i.test(scope)) return (await storeAt(sql, scope)).resourceId
  const [, subscription, group, below = ''] = inSubscription.exec(scope) ?? []
  if (subscription === undefined) return '/'
  if (group === undefined) return `/subscriptions/${subscription.toLowerCase()}`
  const { name } = await groupNamed(sql, group)
  return `${groupId(subscription.toLowerCase(), name)}${below}`
}

/** Puts a lock on a resource, a group, a subscription or all there is; or changes the one of this name there. */
export async function setLock(
  { sql, turn }: Scope<'locks/write'>,
  lock: Lock,
): Promise<{ lock: Lock; fresh: boolean }> {
  const kept = { ...lock, scope: await canonical(sql, lock.scope) }
  const before = await lockAt(sql, kept)
  await putLock(turn, { ...kept, name: before?.name ?? kept.name })
  return { lock: { ...kept, name: before?.name ?? kept.name }, fresh: before === undefined }
}

/** A lock by its scope and its name. */
export async function getLock({ sql }: Sight<'locks/read'>, at: Address): Promise<Lock> {
  const lock = await lockAt(sql, at)
  if (lock === undefined) throw noSuchLock(at)
  return lock
}

/** The locks on a scope, above it and below it, as far as the caller may read them. */
export const listLocks = async ({ sql, permit }: Sight<'locks/read'>, scope: string): Promise<Lock[]> =>
  (await locksAround(sql, scope)).filter((lock) => permit.allows('locks/read', lockId(lock)))

/** Takes a lock away; false when there was none. */
export const deleteLock = ({ turn }: Scope<'locks/delete'>, at: Address): Promise<boolean> => dropLock(turn, at)
