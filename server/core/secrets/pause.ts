import type { Turn } from '#base/database.ts'
import { scheduleAt, unscheduleUnder } from '#core/schedule/schedule.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { removeDerivationsIn } from './derivation-rows.ts'
import { forgetExpiry, resumeExpiry } from './expiry.ts'
import { purgesIn, removeSecretsIn } from './secret-rows.ts'
import { purging, settling } from './secrets.ts'

/** Nothing in a vault is purged while the vault itself is deleted. */
export const pausePurges = (turn: Turn, { name }: Vault): Promise<void> => unscheduleUnder(turn, purging, `${name}/`)

/** Puts the deleted secrets of a vault back into the due-index; those whose time has passed meanwhile go at once. */
export async function resumePurges(turn: Turn, { name }: Vault): Promise<void> {
  for (const { key, purge } of await purgesIn(turn.sql, name)) await scheduleAt(turn, purging, `${name}/${key}`, purge)
  await resumeExpiry(turn, name)
}

/** Takes every secret of a vault away for good, with all versions. */
export async function forgetSecrets(turn: Turn, vault: Vault): Promise<void> {
  await removeSecretsIn(turn.sql, vault.name)
  await removeDerivationsIn(turn.sql, vault.name)
  await forgetExpiry(turn, vault.name)
  await pausePurges(turn, vault)
  await unscheduleUnder(turn, settling, `${vault.name}/`)
}
