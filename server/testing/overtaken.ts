import type { Lease } from '#core/schedule/schedule.ts'
import type { Store } from '#core/vaults/store.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import type { House } from './house.ts'

/**
 * What a worker has in its hands whose store was deleted a moment after it was looked up: vaults that still find it, and the lease
 * of an entry, as `until` finds it put off.
 */
export async function overtaken(
  { base }: House['cardea'],
  until: (holds: () => Promise<boolean>) => Promise<unknown>,
  { kind, subject, store }: Pick<Lease, 'kind' | 'subject'> & { readonly store: Store },
): Promise<{ readonly vaults: VaultBook; readonly lease: Lease }> {
  const { database, clock } = base
  const next = async () =>
    (await database.read.run(`select at, fence from due where kind = '${kind}'`, [])).rows as {
      readonly at: number
      readonly fence: number
    }[]
  await until(async () => (await next()).every(({ at }) => at > clock() + 30_000))
  const fence = (await next())[0]?.fence as number
  return {
    vaults: Object.assign(new VaultBook(database), { store: () => store }),
    lease: { kind, subject, attempt: 0, until: clock() + 60_000, fence },
  }
}
