import type { Instant } from '#base/clock.ts'
import type { Sql } from '#base/sql.ts'
import { headOfSeries } from './audit-rows.ts'
import type { KeptEntry, Place } from './entry.ts'
import { seriesAfter, turnsBetween, turnsOf } from './entry-rows.ts'

/** The journal of deeds as it is read: by time over all series, or one series after another. */
const turnsMax = 100
/** Under load a turn has some forty entries. */
const turnsAtOnce = 10

/**
 * The entries of a time that are wanted, the oldest first. Looks at some `looks` of them at most and says where it
 * stopped, so that a question about something rare holds nobody up: whoever asks goes on from there.
 */
export async function findEntries(
  sql: Sql,
  span: { readonly from: Instant; readonly to: Instant; readonly after: Place | undefined },
  wanted: (entry: KeptEntry) => boolean,
  { limit, looks }: { readonly limit: number; readonly looks: number },
): Promise<{ readonly found: KeptEntry[]; readonly next: Place | undefined }> {
  const found: KeptEntry[] = []
  let { after } = span
  for (let looked = 0; looked < looks; ) {
    const turns = await turnsBetween(sql, { ...span, after, limit: turnsMax })
    for (const entry of turns.flat()) {
      after = { at: entry.at, writer: entry.writer, number: entry.number }
      looked += 1
      if (wanted(entry) && found.push(entry) === limit) return { found, next: after }
    }
    if (turns.length < turnsMax) return { found, next: undefined }
    // The embedded engine answers at once: others get their turn between two pieces.
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  return { found, next: after }
}

/** The names of all series, each found by one step along the key. */
export async function allSeries(sql: Sql): Promise<string[]> {
  const found: string[] = []
  for (let writer = await seriesAfter(sql, ''); writer !== undefined; writer = await seriesAfter(sql, writer)) {
    found.push(writer)
  }
  return found
}

/** The entries of one series in their order: those of the next turns after one that ended with this number. */
export const entriesAfter = async (sql: Sql, writer: string, number: number): Promise<KeptEntry[]> =>
  (await turnsOf(sql, writer, number, turnsAtOnce)).flat()

/** The number of the last entry of a series; 0 before its first. */
export const endOf = async (sql: Sql, writer: string): Promise<number> => (await headOfSeries(sql, writer))?.last ?? 0
