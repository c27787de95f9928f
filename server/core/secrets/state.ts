import type { Sql } from '#base/sql.ts'
import type { Vault } from '#core/vaults/vault.ts'
import type { SecretVersion } from './secret.ts'
import { secretTables } from './secret-rows.ts'

/** How a secret, or one version of it, stands for those who point at it; nothing is handed out. */
export type State = 'missing' | 'disabled' | 'readable'

/** How a version stands, the latest if none is named; a deleted secret is missing. */
export async function stateOf(sql: Sql, vault: Vault, name: string, version: string | undefined): Promise<State> {
  const kept = await secretTables.keptVersion(sql, vault.name, name, version)
  if (kept === undefined) return 'missing'
  return kept.object.enabled ? 'readable' : 'disabled'
}

/** The live secrets of a vault in the order of their names, for those who look after them; nothing is handed out. */
export const namesIn = (
  sql: Sql,
  vault: Pick<Vault, 'name'>,
  slice: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly SecretVersion[]> => secretTables.listHeads(sql, vault.name, { ...slice, deleted: false })

const pageSize = 1_000

/** The ids of all versions of a live secret. */
export async function versionsOf(sql: Sql, vault: string, name: string): Promise<readonly string[]> {
  const found: string[] = []
  for (;;) {
    const page = await secretTables.listVersions(sql, vault, name, { after: found.at(-1), limit: pageSize })
    found.push(...page.map(({ version }) => version))
    if (page.length < pageSize) return found
  }
}
