import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import { groupsOf } from '#core/identity/membership.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { assignmentsOf, removeAssignmentsOf } from './access-rows.ts'
import { policyNames } from './permission-model-rows.ts'

/** What becomes of rights when those who hold them come, go, or let others act as them. */

/** Takes every role from a principal that is about to go. */
export async function unassignAll(turn: Turn, principal: string): Promise<void> {
  await removeAssignmentsOf(turn.sql, principal)
  turn.changeAccess()
}

/**
 * Whether a principal, or a group that it belongs to, was assigned a role or is named by a vault's access policies. Rows
 * without a proof count too.
 */
export async function holdsRights(sql: Sql, keyring: Keyring, principal: string): Promise<boolean> {
  for (const id of [principal, ...(await groupsOf(sql, keyring, principal))]) {
    if ((await assignmentsOf(sql, id)).length > 0 || (await policyNames(sql, id))) return true
  }
  return false
}
