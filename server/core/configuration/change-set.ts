import { changeSetBytesMax, changesMax } from '@cardea/contract/cardea/change-sets'
import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Store } from '#core/vaults/store.ts'
import { refuseBadFlag } from './flag.ts'
import {
  type Address,
  type Condition,
  type Draft,
  drafted,
  refuseLarge,
  refuseLocked,
  refuseUnmet,
  type Setting,
  sameContent,
  sizeOf,
  type Written,
} from './setting.ts'

/**
 * A change set changes several settings of a store at once: all of it happens in one turn of the writer, or nothing. It
 * is applied when it is made or, sealed until then, at a moment that it names; and what it changed can be undone.
 */
export type ChangeSet = {
  readonly id: string
  readonly state: State
  readonly description: string | undefined
  readonly origin: Origin
  /** Who made it; it is applied with what that caller may do then. */
  readonly creator: Creator
  readonly created: Instant
  /** When it is to be applied by itself. */
  readonly activates: Instant | undefined
  /** It is applied only while what it was planned against stands. */
  readonly basis: string | undefined
  /** When it was applied, cancelled, or failed. */
  readonly ended: Instant | undefined
  /** Why it failed. */
  readonly failure: string | undefined
  /** The change set that has undone it. */
  readonly undoneBy: string | undefined
  /** How many settings it is about. */
  readonly count: number
}
type State = 'waiting' | 'applied' | 'undone' | 'cancelled' | 'failed'
export type Creator = { readonly objectId: string; readonly appId: string }
export type Origin =
  | { readonly kind: 'changes' }
  | { readonly kind: 'undo'; readonly of: string }
  | { readonly kind: 'restore'; readonly at: Instant }

/** What is to become of one setting. */
export type Change = Address & {
  readonly condition: Condition
  /** The lock, if there is one, is part of what is undone. */
  readonly overLock?: true
} & (
    | { readonly deed: 'set'; readonly draft: Draft; readonly locked: boolean }
    | { readonly deed: 'delete' | 'lock' | 'unlock' }
  )

/** What a change does to what is there. */
export type Step = Address & {
  readonly deed: StepDeed
  readonly before: Setting | undefined
  /** What there is afterwards. */
  readonly after: Written | undefined
}
type StepDeed = 'create' | 'change' | 'delete' | 'lock' | 'unlock' | 'none'

/** Which setting is meant, in words. */
const nameOf = ({ key, label }: Address): string => (label === undefined ? key : `${key} (label ${label})`)
/** One text for each setting: keys have no line breaks. */
export const placeOf = ({ key, label }: Address): string => `${key}\n${label ?? ''}`

/** Refuses changes that are too many, or of which two are about the same setting. */
export function refuseUnfit(changes: readonly Change[]): void {
  if (changes.length > changesMax) {
    throw new Fault(
      'too-large',
      `A change set may change at most ${changesMax} settings. This one is about ${changes.length}.`,
      { title: 'The change set is too large' },
    )
  }
  const places = new Map<string, number>()
  for (const [index, change] of changes.entries()) {
    const first = places.get(placeOf(change))
    if (first !== undefined) {
      const words = `changes[${index}] is about ${nameOf(change)}, as changes[${first}] is. A change set says what becomes of a setting once.`
      throw new Fault('invalid', words, { where: `changes[${index}]` })
    }
    places.set(placeOf(change), index)
  }
}

/** Refuses steps that leave more behind than one turn of the writer should carry. */
export function refuseHeavy(steps: readonly Step[]): void {
  const bytes = steps.reduce((sum, { after }) => sum + (after === undefined ? 0 : sizeOf(after)), 0)
  if (bytes > changeSetBytesMax) {
    throw new Fault(
      'too-large',
      `A change set may write at most ${changeSetBytesMax} bytes in all. This one writes ${bytes}.`,
      { title: 'The change set is too large' },
    )
  }
}

/** What a change does to the setting that is there; refuses what can't be done to it in its store. */
export function stepOf(
  store: Pick<Store, 'settingBytesMax'>,
  change: Change,
  before: Setting | undefined,
  etag: string,
  at: Instant,
): Step {
  const { key, label } = change
  const none = { key, label, deed: 'none', before, after: before } as const
  refuseUnmet(change.condition, before?.etag)
  switch (change.deed) {
    case 'delete':
      if (before === undefined) return none
      if (!change.overLock) refuseLocked(before)
      return { ...none, deed: 'delete', after: undefined }
    case 'lock':
    case 'unlock': {
      if (before === undefined) throw new Fault('conflict', 'There is no such setting.')
      const locked = change.deed === 'lock'
      if (before.locked === locked) return none
      return { ...none, deed: change.deed, after: { ...before, locked, etag, modified: at } }
    }
    case 'set': {
      const { locked } = change
      const after = { ...drafted({ key, label }, change.draft, before, etag, at), locked }
      const same = before !== undefined && sameContent(before, after)
      if (same && before.locked === locked) return none
      if (before !== undefined && !change.overLock) refuseLocked(before)
      refuseFlaws(store, after)
      if (same) return { ...none, deed: locked ? 'lock' : 'unlock', after }
      return { ...none, deed: before === undefined ? 'create' : 'change', after }
    }
  }
}

/** Refuses what could never be written into a store, whatever is there. */
export function refuseFlaws({ settingBytesMax }: Pick<Store, 'settingBytesMax'>, written: Written): void {
  refuseLarge(written, settingBytesMax)
  refuseBadFlag(written)
}

/** The same refusal, naming the setting and the change that it is about. */
export function about(error: unknown, change: Address, index: number): unknown {
  if (!(error instanceof Fault)) return error
  const { particulars, code, message } = error
  const where = [`changes[${index}]`, particulars.where].filter((part) => part !== undefined).join('.')
  const title = code === 'precondition' ? { title: unmetTitle } : {}
  return new Fault(code, `${nameOf(change)}: ${message}`, { ...particulars, ...title, about: change.key, where })
}
export const unmetTitle = 'The store is not in the state that the request demands'

/** The change that puts a setting back to what it was. */
export function backTo(address: Address, before: Written | undefined, more: Pick<Change, 'overLock'>): Change {
  const { key, label } = address
  const condition = { match: undefined, noneMatch: undefined }
  if (before === undefined) return { key, label, condition, deed: 'delete', ...more }
  const { value, contentType, tags, description = null, locked } = before
  return { key, label, condition, deed: 'set', draft: { value, contentType, tags, description }, locked, ...more }
}

/** What undoes the steps of a change set, and the settings that have become something else since. */
export function undoing(
  steps: readonly Step[],
  etagNow: (address: Address) => string | undefined,
): { readonly changes: readonly Change[]; readonly changedSince: readonly Address[] } {
  const done = steps.filter(({ deed }) => deed !== 'none')
  const isLeft = (step: Step) => etagNow(step) === step.after?.etag
  return {
    changes: done.map((step) => backTo(step, step.before, isLeft(step) ? { overLock: true } : {})),
    changedSince: done.filter((step) => !isLeft(step)),
  }
}

/** Names of settings in a sentence, not more than somebody reads. */
export function namesOf(addresses: readonly Address[]): string {
  const named = addresses.slice(0, namedMax).map(nameOf).join(', ')
  return addresses.length > namedMax ? `${named} and ${addresses.length - namedMax} more` : named
}
const namedMax = 20
