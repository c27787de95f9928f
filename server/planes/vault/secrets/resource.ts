import { resourceOf } from '#core/secrets/secrets.ts'
import type { Vault } from '#core/vaults/vault.ts'

type Raw = Readonly<Record<string, string | undefined>>

/** A call about one secret is about the secret's own resource; a list is about the vault. */
export const theSecret = ({ name }: Raw, vault: Vault): string => resourceOf(vault, name ?? '')
export const theVault = (_: Raw, vault: Vault): string => vault.resourceId
