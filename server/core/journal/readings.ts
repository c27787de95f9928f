import type { Database } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import { allSeries, endOf, entriesAfter } from '#core/audit/entries.ts'
import type { Sight } from '#core/perform.ts'
import { Gleaning, type Reading } from './reading.ts'
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
    // What is kept from here on waits for the next time: under load there is always more.
    const end = await endOf(database.read, writer)
    for (let mark = marks.get(writer) ?? 0; mark < end; ) {
      const found = await gleanBetween(database.read, writer, mark, end)
      if (found.last === mark || !(await keep(database, writer, mark, found))) break
      looked += found.last - mark
      mark = found.last
    }
  }
  return looked
}

/** So many rows are kept in one turn at most; a thousand hold the embedded engine up for 5 ms. */
const rowsMax = 2000

/** What a series says about readings from one entry to another: all of it, or as much as can be kept at once. */
async function gleanBetween(sql: Sql, writer: string, mark: number, end: number): Promise<Gleaning> {
  const found = new Gleaning(mark)
  while (found.last < end && found.size < rowsMax) {
    const entries = await entriesAfter(sql, writer, found.last)
    if (entries.length === 0) break
    for (const entry of entries) found.add(entry)
    // The embedded engine answers at once: others get their turn between two pieces.
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  return found
}

/** Keeps what was found; false if another node was faster. */
const keep = <E>(database: Database<E>, writer: string, mark: number, found: Gleaning): Promise<boolean> =>
  database.write(async ({ sql }) => {
    if (!(await advance(sql, writer, mark, found.last))) return false
    for (const [secret, at] of found.purged) await forgetSecret(sql, secret, at)
    for (const reading of found.read) await keepReading(sql, reading)
    return true
  })
