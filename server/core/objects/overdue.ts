import type { Sql } from '#base/sql.ts'
import { partsOf, triedInVain } from '#core/schedule/schedule.ts'

/** Something in a vault whose next version is due, and couldn't be made so often so far. */
type Overdue = { readonly vault: string; readonly nameKey: string; readonly attempts: number }

/** What waits for its next version under a kind of the due-index, and has been tried in vain; at most a thousand. */
export const overdue = async (sql: Sql, kind: string): Promise<Overdue[]> =>
  (await triedInVain(sql, kind)).map(({ subject, attempt }) => {
    const [vault, nameKey] = partsOf(subject)
    return { vault, nameKey, attempts: attempt }
  })
