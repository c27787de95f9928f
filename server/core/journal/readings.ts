import type { Database } from '#base/database.ts'
import { allSeries, entriesAfter } from '#core/audit/entries.ts'
import type { Sight } from '#core/perform.ts'
import { glean, type Reading } from './reading.ts'
import { advance, forgetSecret, gathered, keepReading, readingsOf } from './reading-rows.ts'

/** Who read this secret, which version and when last; the latest first. The secret is named by its resource id. */
export const readersOf = ({ sql }: Sight<'journal/read'>, secret: string): Promise<Reading[]> =>
  readingsOf(sql, secret.toLowerCase())

/**
 * Gathers the readings that were kept since the last time. Reading a secret costs nothing for this: it follows the
 * journal, each series from its own mark, which moves in the turn that keeps what was found. Of two nodes that gather at
 * once, one finds the mark moved and leaves it. Gives the number of entries that were looked at.
 */
export async function gatherReadings<E>(database: Database<E>): Promise<number> {
  const marks = await gathered(database.read)
  let looked = 0
  for (const writer of await allSeries(database.read)) {
    let mark = marks.get(writer) ?? 0
    for (;;) {
      const entries = await entriesAfter(database.read, writer, mark)
      const last = entries.at(-1)
      if (last === undefined) break
      const { read, purged } = glean(entries)
      const taken = await database.write(async ({ sql }) => {
        if (!(await advance(sql, writer, mark, last.number))) return false
        for (const [secret, at] of purged) await forgetSecret(sql, secret, at)
        for (const reading of read) await keepReading(sql, reading)
        return true
      })
      if (!taken) break
      looked += entries.length
      mark = last.number
    }
  }
  return looked
}
