import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import type { Target } from '#core/configuration/reference.ts'
import type { Caller } from '#core/identity/caller.ts'
import type { Base } from '#core/perform.ts'
import { resourceOf } from '#core/secrets/secrets.ts'
import { type State, stateOf } from '#core/secrets/state.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'

/** What is to be known of the house to look where references point. */
export type Vaults = { readonly base: Base; readonly vaults: VaultBook }

/** How the target of a reference stands, as one caller sees it. */
export type Seen = State | 'unreadable'

/**
 * How the secret that a setting points at stands. Who may not read it is told that and no more: whether it is there is
 * nothing to find out by writing settings.
 */
export async function seenBy(
  { base, vaults }: Vaults,
  sql: Sql,
  caller: Caller,
  { vault: name, secret, version }: Target,
  turn?: Turn,
): Promise<Seen> {
  const vault = await vaults.vault(name)
  if (vault === undefined) return 'unreadable'
  const wish = { caller, action: 'secrets/get', resource: resourceOf(vault, secret) } as const
  const { access, database } = base
  const isAllowed = await (turn === undefined
    ? access.allowsAt(database, database.epoch, wish)
    : access.allowsIn(turn, wish))
  return isAllowed ? stateOf(sql, vault, secret, version) : 'unreadable'
}

/** What is to be said of a reference whose secret can't be had by who asks; undefined when it can. */
export const warnings: Readonly<Record<Seen, string | undefined>> = {
  missing: 'The secret that the setting points at does not exist.',
  disabled: 'The secret that the setting points at is disabled.',
  unreadable: 'You may not read the secret that the setting points at.',
  readable: undefined,
}

/** The header by which a writer is warned (RFC 7234, 5.5). */
export const warned = (seen: Seen): Record<string, string> => {
  const words = warnings[seen]
  return words === undefined ? {} : { warning: `299 cardea "${words}"` }
}
