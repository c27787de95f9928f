import { pageSize } from '@cardea/contract/appconfig/key-values'
import type { Call } from '../../plane.ts'

/** From which entry to which, both included, counted from 0. */
export type Range = { readonly first: number; readonly last: number }

/**
 * The entries that `Range: items=a-b` asks for (App Configuration's *Key-value revisions*); without an end, a page of them. A header of another unit
 * or form is passed over, as RFC 9110 (14.2) has it.
 */
export function rangeOf({ headers }: Pick<Call, 'headers'>): Range | undefined {
  const found = /^\s*items\s*=\s*(\d{1,9})\s*-\s*(\d{1,9})?\s*$/i.exec(String(headers.range ?? ''))
  if (found === null) return undefined
  const first = Number(found[1])
  const last = found[2] === undefined ? first + pageSize - 1 : Number(found[2])
  return last < first ? undefined : { first, last }
}
