import type { Turn } from '#base/database.ts'
import { forgetExpiry, resumeExpiry } from '#core/objects/expiry.ts'
import * as objects from '#core/objects/objects.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { removeDerivationsIn } from './derivation-rows.ts'
import { life } from './writing.ts'

/** Nothing in a vault is purged while the vault itself is deleted. */
export const pausePurges = (turn: Turn, vault: Vault): Promise<void> => objects.pausePurges(life, turn, vault)

/** Puts the deleted secrets of a vault back into the due-index; those whose time has passed meanwhile go at once. */
export async function resumePurges(turn: Turn, vault: Vault): Promise<void> {
  await objects.resumePurges(life, turn, vault)
  await resumeExpiry(life, turn, vault)
}

/** Takes every secret of a vault away for good, with all versions. */
export async function forgetSecrets(turn: Turn, vault: Vault): Promise<void> {
  await objects.forgetObjects(life, turn, vault)
  await removeDerivationsIn(turn.sql, vault.name)
  await forgetExpiry(life, turn, vault)
}
