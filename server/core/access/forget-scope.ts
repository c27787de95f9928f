import type { Turn } from '#base/database.ts'
import { removeAssignmentsAt, removeAssignmentsWithin } from './access-rows.ts'
import { dropPermissionModel } from './permission-model.ts'

/**
 * Takes away every right that was given at a resource which is gone for good, and below it: one of the same name that
 * comes later must not find them.
 */
export async function forgetScope(turn: Turn, resourceId: string): Promise<void> {
  await removeAssignmentsWithin(turn.sql, resourceId)
  await dropPermissionModel(turn, resourceId)
}

/** Takes away the rights given at exactly this resource, whose contents can still come back with theirs. */
export async function forgetAssignmentsAt(turn: Turn, resourceId: string): Promise<void> {
  await removeAssignmentsAt(turn.sql, resourceId)
  turn.changeAccess()
}
