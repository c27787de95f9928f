import type { Turn } from '#base/database.ts'
import type { Store } from '#core/vaults/store.ts'
import { storesIn } from '#core/vaults/vaults.ts'
import { forgetChangeSets } from './change-set-rows.ts'
import { forgetRevisions } from './setting-rows.ts'

/** The kind under which the trimming of history waits for its time. */
export const historyTrimming = 'trim-history'
/** How often what is older is forgotten. */
const trimmingMs = 3_600_000

/** For how long a store remembers what its settings were. */
export const historyMsOf = ({ historySeconds }: Store): number => historySeconds * 1_000

/**
 * Forgets what settings were, and what was changed together, so long ago that nobody may ask for it; returns when to do
 * so next.
 */
export async function trimHistory({ sql, at }: Turn): Promise<number> {
  for (const deleted of [false, true]) {
    for (const store of await storesIn(sql, { deleted })) {
      await forgetRevisions(sql, store.name, at - historyMsOf(store))
      await forgetChangeSets(sql, store.name, at - historyMsOf(store))
    }
  }
  return at + trimmingMs
}
