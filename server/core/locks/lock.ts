import { isWithin } from '#base/scope.ts'

/**
 * A lock keeps a resource, and all below it, from being deleted or changed by mistake, also by those who may. It holds
 * for the management of resources; what is inside a vault or store is its data's business.
 */
const lockLevels = ['CanNotDelete', 'ReadOnly'] as const
export type LockLevel = (typeof lockLevels)[number]
export type Lock = {
  /** The resource id that it was put on, as the resource spells it; `/` for all there is. */
  readonly scope: string
  readonly name: string
  readonly level: LockLevel
  readonly notes: string
}

/** What somebody is about to do to a resource. Actions that are asked for by POST count as writes, as in Azure. */
export type Deed = 'write' | 'delete'

/**
 * The lock that forbids a deed, if one does: every lock on the resource or above it forbids to delete, and so does one
 * on anything below, which would go with it; a ReadOnly lock on it or above it forbids to write.
 */
export const lockAgainst = (locks: readonly Lock[], resource: string, deed: Deed): Lock | undefined =>
  locks.find(({ scope, level }) =>
    deed === 'delete'
      ? isWithin(scope, resource) || isWithin(resource, scope)
      : level === 'ReadOnly' && isWithin(scope, resource),
  )

/** A lock's own resource id. */
export const lockId = ({ scope, name }: Pick<Lock, 'scope' | 'name'>): string =>
  `${scope === '/' ? '' : scope}/providers/Microsoft.Authorization/locks/${name}`
