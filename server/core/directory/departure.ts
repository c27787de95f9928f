import type { Turn } from '#base/database.ts'
import { unassignAll } from '#core/access/departure.ts'
import { forget } from '#core/identity/entries.ts'

/** Somebody goes for good, with all that they were allowed: nobody of the same name finds any of it. */
export async function depart(turn: Turn, principal: string): Promise<void> {
  await unassignAll(turn, principal)
  await forget(turn, principal)
}
