import * as objects from '#core/objects/objects.ts'
import type { Scope } from '#core/perform.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { life } from './holding.ts'
import { forgetLifetime, pauseLifetimes, resumeLifetimes } from './lifetime.ts'

type Hands = Pick<Scope<never>, 'turn' | 'keyring'>

/** Nothing in a vault is purged or rotated while the vault itself is deleted. */
export async function pauseKeys({ turn }: Hands, vault: Vault): Promise<void> {
  await objects.pausePurges(life, turn, vault)
  await pauseLifetimes({ turn }, vault)
}

/** Puts the keys of a vault back into the due-index; those whose time has passed meanwhile have their turn at once. */
export async function resumeKeys(hands: Hands, vault: Vault): Promise<void> {
  await objects.resumePurges(life, hands.turn, vault)
  await resumeLifetimes(hands, vault)
}

/** Takes every key of a vault away for good, with all versions. */
export async function forgetKeys({ turn }: Hands, vault: Vault): Promise<void> {
  await objects.forgetObjects(life, turn, vault)
  await forgetLifetime({ turn }, vault)
}
