import type { Turn } from '#base/database.ts'
import { rotating } from '#core/consumers/consumers.ts'
import { scheduleNow, unscheduleUnder } from '#core/schedule/schedule.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { rehearsing } from './rehearsal.ts'
import { rehearsedIn, removeRehearsalsIn } from './rehearsal-rows.ts'
import { boundIn, removeRotationsIn } from './rotation-rows.ts'

/** Nothing of a vault rotates while it is deleted. */
export const pauseRotations = (turn: Turn, { name }: Vault): Promise<void> =>
  unscheduleUnder(turn, rotating, `${name}/`)

/** Has everything that is bound in a vault looked at again, and what was being rotated or rehearsed. */
export async function resumeRotations(turn: Turn, { name }: Vault): Promise<void> {
  for (const key of await boundIn(turn.sql, name)) await scheduleNow(turn, rotating, `${name}/${key}`)
  for (const key of await rehearsedIn(turn.sql, name)) await scheduleNow(turn, rehearsing, `${name}/${key}`)
}

/** Forgets the bindings and rotations of a vault that is gone for good. */
export async function forgetRotations(turn: Turn, vault: Vault): Promise<void> {
  await removeRotationsIn(turn.sql, vault.name)
  await removeRehearsalsIn(turn.sql, vault.name)
  await pauseRotations(turn, vault)
}
