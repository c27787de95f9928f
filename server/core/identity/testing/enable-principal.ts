import type { Turn } from '#base/database.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { principalById, proofOf } from '../directory.ts'
import { updateEntry } from '../entry-rows.ts'

/** Switches any principal off or on, as the directory does it for users and applications; for tests. */
export async function enablePrincipal(turn: Turn, keyring: Keyring, objectId: string, enabled: boolean): Promise<void> {
  const found = await principalById(turn.sql, keyring, objectId)
  if (found === undefined) return
  const entry = { ...found, enabled }
  await updateEntry(turn.sql, entry, await proofOf(turn.sql, keyring, entry))
  turn.changeAccess()
}
