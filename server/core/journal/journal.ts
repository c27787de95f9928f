import type { Instant } from '#base/clock.ts'
import { isWithin } from '#base/scope.ts'
import { findEntries } from '#core/audit/entries.ts'
import { type KeptEntry, type Place, wentWell } from '#core/audit/entry.ts'
import type { Sight } from '#core/perform.ts'

/** What of the journal somebody wants to see. */
export type Question = {
  readonly from: Instant
  readonly to: Instant
  /** The resource id at and below which; the permission was given for exactly this. */
  readonly scope: string
  /** An object id or an application's id. */
  readonly caller: string | undefined
  readonly operation: string | undefined
  /** `success`, `failure`, or the code of a fault. */
  readonly outcome: string | undefined
  /** Go on after this one. */
  readonly after: Place | undefined
  readonly limit: number
}

/** So many entries are looked at for one answer; 10,000 take the embedded engine some 40 ms, in small pieces. */
const looks = 10_000

/** A page of the journal, the oldest first, and where the next one begins if there may be one. */
export const readJournal = (
  { sql }: Sight<'journal/read'>,
  { scope, caller, operation, outcome, limit, ...span }: Question,
): Promise<{ readonly found: readonly KeptEntry[]; readonly next: Place | undefined }> => {
  const who = caller?.toLowerCase()
  const what = operation?.toLowerCase()
  const wanted = (entry: KeptEntry): boolean =>
    isWithin(scope, entry.resource) &&
    (who === undefined || entry.caller.objectId.toLowerCase() === who || entry.caller.appId.toLowerCase() === who) &&
    (what === undefined || entry.operation.toLowerCase() === what) &&
    (outcome === undefined || endedSo(entry.outcome, outcome))
  return findEntries(sql, span, wanted, { limit, looks })
}

function endedSo(outcome: string, asked: string): boolean {
  if (asked === 'success') return wentWell(outcome)
  if (asked === 'failure') return !wentWell(outcome)
  return outcome === asked
}
