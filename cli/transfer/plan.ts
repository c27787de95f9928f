import type { Withheld } from './entry.ts'

/** What would be done with one name, and what was there before. No value is ever part of it. */
export type Step = {
  readonly what: 'new' | 'changed' | 'same' | 'delete' | 'refused'
  /** Its name where it comes from; what is deleted comes from nowhere. */
  readonly from: string | null
  readonly name: string
  readonly label: string | null
  readonly reason: string | null
  /** The version of a secret, or the etag of a setting, that is in force before. */
  readonly before: string | null
}
export type Doing = Step & {
  /** Does it, and gives the version or etag that is in force then. */
  readonly act?: () => Promise<string | null>
  /** The same as part of a change set, for settings. */
  readonly change?: Change
}
export type Change = {
  readonly do: 'set' | 'delete'
  readonly key: string
  readonly label: string | null
  readonly [member: string]: unknown
}
export type Plan = readonly Doing[]

/** What may be done with an entry, in the order in which it is told. */
export const kinds = ['new', 'changed', 'delete', 'same', 'refused'] as const

/** How many of each. */
export const countsOf = (plan: readonly Step[]): Record<Step['what'], number> =>
  Object.fromEntries(kinds.map((kind) => [kind, plan.filter(({ what }) => what === kind).length])) as Record<
    Step['what'],
    number
  >

/** Whether a step changes anything. */
export const isToDo = ({ what }: Step): boolean => what === 'new' || what === 'changed' || what === 'delete'

/** A step that isn’t taken, and why. */
export const refusedStep = ({ name, label, reason }: Withheld): Step => ({
  what: 'refused',
  from: name,
  name: '',
  label: label ?? null,
  reason,
  before: null,
})

/** Those that would take the same place, each with the names of the others: none of them is to win. */
export function collisions<T>(all: readonly T[], place: (one: T) => string, named: (one: T) => string): Map<T, string> {
  const found = new Map<T, string>()
  for (const group of Map.groupBy(all, place).values()) {
    if (group.length < 2) continue
    for (const one of group) {
      const others = group.filter((other) => other !== one).map(named)
      found.set(one, others.join(', '))
    }
  }
  return found
}
