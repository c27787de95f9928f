import type { Turn } from '#base/database.ts'
import * as objects from '#core/objects/objects.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { life } from './holding.ts'

/** Nothing in a vault is purged while the vault itself is deleted. */
export const pauseKeys = (turn: Turn, vault: Vault): Promise<void> => objects.pausePurges(life, turn, vault)

/** Puts the deleted keys of a vault back into the due-index; those whose time has passed meanwhile go at once. */
export const resumeKeys = (turn: Turn, vault: Vault): Promise<void> => objects.resumePurges(life, turn, vault)

/** Takes every key of a vault away for good, with all versions. */
export const forgetKeys = (turn: Turn, vault: Vault): Promise<void> => objects.forgetObjects(life, turn, vault)
