import type { Scope } from '#core/perform.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { type OpenKey, sealKey, tellOf } from './holding.ts'
import { addVersion } from './key-rows.ts'
import { awaitLifetime } from './lifetime.ts'

export type Writing = Pick<Scope<never>, 'sql' | 'turn' | 'keyring' | 'tell'>

/** Keeps a version as the latest of its key, and tells of it. */
export async function write(writing: Writing, vault: Vault, open: OpenKey): Promise<void> {
  await addVersion(writing.sql, vault.name, open.version, await sealKey(writing, vault, open))
  await awaitLifetime(writing, vault, open.version)
  writing.tell(tellOf(vault, 'key-version-created', open.version))
}
