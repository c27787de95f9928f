import { resourceOf } from '#core/secrets/secrets.ts'
import type { Vault } from '#core/vaults/vault.ts'

type Raw = Readonly<Record<string, string | undefined>>

const plain = /^[0-9a-zA-Z-]{1,127}$/

/**
 * A call about one secret is about the secret's own resource; a list is about the vault. What can't be a name is kept
 * encoded: it stands in the journal before its form is looked at, and some of it no database takes.
 */
export const theSecret = ({ name = '' }: Raw, vault: Vault): string =>
  resourceOf(vault, plain.test(name) ? name : encodeURIComponent(name.slice(0, 127).toWellFormed()))
export const theVault = (_: Raw, vault: Vault): string => vault.resourceId
