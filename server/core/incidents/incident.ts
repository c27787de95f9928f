import type { Exposure, ItemState, Remedy } from '@cardea/contract/cardea/incidents'
import type { Instant } from '#base/clock.ts'
import type { Caller } from '#core/identity/caller.ts'

/** What somebody wants to be seen to: all that an identity may have learned, or one secret that has become known. */
export type Question = {
  readonly identity: { readonly objectId: string; readonly appId: string; readonly name: string } | undefined
  readonly secret: { readonly vault: string; readonly name: string } | undefined
  readonly since: Instant
  readonly couldRead: boolean
  readonly disable: boolean
  /** The resource at and below which. */
  readonly scope: string
  readonly by: Caller
}

/** One secret that may be known, and what becomes of it. */
export type Item = {
  readonly vault: string
  readonly name: string
  readonly exposure: Exposure
  readonly through: readonly string[]
  readonly versions: readonly string[]
  readonly met: Instant | undefined
  readonly remedy: Remedy
  readonly rank: number
  readonly state: ItemState
  readonly attempts: number
  readonly version: string | undefined
  readonly refused: Instant | undefined
  readonly disabled: readonly string[]
  readonly why: string | undefined
  readonly todo: string | undefined
}

export type Incident = {
  readonly id: string
  readonly state: 'searching' | 'running' | 'ended'
  readonly question: Question
  readonly started: Instant
  readonly ended: Instant | undefined
  readonly stillReadable: number
  /** Why it has ended before it began with anything. */
  readonly why: string | undefined
  readonly items: readonly Item[]
}

export const isFinal = ({ state }: Pick<Item, 'state'>): boolean =>
  state === 'done' || state === 'failed' || state === 'by-hand'

/** The items whose turn it is: those of the lowest rank at which anything is left to do. */
export function atHand(items: readonly Item[]): readonly Item[] {
  const left = items.filter((item) => !isFinal(item))
  const rank = Math.min(...left.map((item) => item.rank))
  return left.filter((item) => item.rank === rank)
}

/**
 * The rank of each: one more than the highest of what goes before it. Where two wait for each other, as two administrators
 * who change each other do, the one that is met first goes first.
 */
export function ranked(before: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>()
  const open = new Set<string>()
  const rankOf = (key: string): number => {
    const known = ranks.get(key)
    if (known !== undefined || open.has(key)) return known ?? 0
    open.add(key)
    const rank = Math.max(0, ...(before.get(key) ?? []).filter((one) => before.has(one)).map((one) => rankOf(one) + 1))
    open.delete(key)
    ranks.set(key, rank)
    return rank
  }
  for (const key of before.keys()) rankOf(key)
  return ranks
}
