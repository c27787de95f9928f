import type { Sql } from '#base/sql.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { keptVersion } from './secret-rows.ts'

/** How a secret, or one version of it, stands for those who point at it; nothing is handed out. */
export type State = 'missing' | 'disabled' | 'readable'

export async function stateOf(sql: Sql, vault: Vault, name: string, version: string | undefined): Promise<State> {
  const kept = await keptVersion(sql, vault.name, name, version)
  if (kept === undefined) return 'missing'
  return kept.secret.enabled ? 'readable' : 'disabled'
}
