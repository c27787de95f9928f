import type { Action } from '@cardea/contract/actions'
import { Fault } from '#base/fault.ts'
import type { Permit } from '#core/access/access.ts'
import { isAdministrator, keepingAdministrators, wholeDirectoryMarks } from '#core/access/administrators.ts'
import { holdsRights } from '#core/access/departure.ts'
import type { Scope } from '#core/perform.ts'

/** The directory as a resource: who may do something here may do it to everything in it. */
export const wholeDirectory = '/directory'
/** Whether somebody administers the whole directory. */
export const mayAdminister = (permit: Permit<Action>): boolean =>
  wholeDirectoryMarks.every((action) => permit.allows(action, wholeDirectory))

/**
 * A credential, a password or a membership lets somebody act with the rights of another. For a principal that holds
 * rights only those give one out who administer the whole directory: else the right to manage applications or groups
 * would be the right to everything that was ever granted to one of them.
 */
export async function refuseEscalation(
  { sql, keyring, permit }: Pick<Scope<Action>, 'sql' | 'keyring' | 'permit'>,
  principal: string | undefined,
): Promise<void> {
  if (principal === undefined || mayAdminister(permit)) return
  if (await holdsRights(sql, keyring, principal)) {
    throw new Fault('forbidden', 'Only a Global Administrator may let others act for a principal that holds rights.')
  }
}

/**
 * Takes somebody's rights for a while or for good: switches them off, takes them away or out of a group. An administrator loses
 * theirs only by who administers the whole directory (Entra's rule for people), and the last one by nobody.
 */
export async function disempowering<T>(
  scope: Pick<Scope<Action>, 'sql' | 'turn' | 'keyring' | 'permit'>,
  principal: string,
  change: () => Promise<T>,
): Promise<T> {
  const { sql, keyring, permit } = scope
  if (!mayAdminister(permit) && (await isAdministrator(sql, keyring, principal))) {
    throw new Fault('forbidden', 'Only a Global Administrator may take rights from an administrator.')
  }
  return keepingAdministrators(scope, principal, change)
}
