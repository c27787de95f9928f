import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'

/**
 * A setting is a value under a key and, if it has one, a label. It is written whole: what isn't said is gone. Its etag
 * changes with every writing that changes something, and with no other.
 */
export type Setting = Written & {
  /** The number in the change journal at which it became what it is. */
  readonly since: number
}
/** A setting as it was said, before the journal has a number for it. */
export type Written = Address & {
  readonly etag: string
  readonly contentType: string | undefined
  readonly value: string | undefined
  readonly tags: Tags
  readonly description: string | undefined
  readonly locked: boolean
  readonly modified: Instant
}
/** Where a setting stands in its store. Keys and labels are told apart by case. */
export type Address = { readonly key: string; readonly label: string | undefined }
export type Tags = Readonly<Record<string, string | null>>

/** What a caller says that a setting shall be. */
export type Draft = {
  readonly value: string | undefined
  readonly contentType: string | undefined
  readonly tags: Tags
  /** `undefined` from those who speak of no descriptions: it stays as it is. */
  readonly description: string | null | undefined
}

/** What a caller demands of the state before a deed: an etag, or `*` for any. */
export type Condition = { readonly match: string | undefined; readonly noneMatch: string | undefined }

const meets = (wanted: string, etag: string | undefined): boolean =>
  etag !== undefined && (wanted === '*' || wanted === etag)

/** Refuses when what is there, if anything, isn't what the caller demands to change. */
export function refuseUnmet({ match, noneMatch }: Condition, etag: string | undefined): void {
  if (match !== undefined && !meets(match, etag)) throw unmet()
  if (noneMatch !== undefined && meets(noneMatch, etag)) throw unmet()
}

/** Whether a reader who demands this already has what is there; refuses when it asked for something else. */
export function isUnchanged({ match, noneMatch }: Condition, etag: string): boolean {
  if (match !== undefined && !meets(match, etag)) throw unmet()
  return noneMatch !== undefined && meets(noneMatch, etag)
}

const unmet = (): Fault => new Fault('precondition', 'The setting is not in the state that the request demands.')

export const noSuchSetting = (): Fault => new Fault('not-found', 'There is no such setting.')

export function refuseLocked({ key, locked }: Written): void {
  if (locked) throw new Fault('locked', 'The key is read-only. To allow modification unlock it first.', { about: key })
}

/** The setting that a draft asks for at an address, after the one that was there. */
export const drafted = (
  address: Address,
  draft: Draft,
  before: Written | undefined,
  etag: string,
  at: Instant,
): Written => ({
  ...address,
  etag,
  contentType: draft.contentType,
  value: draft.value,
  tags: draft.tags,
  description: draft.description === undefined ? before?.description : (draft.description ?? undefined),
  locked: false,
  modified: at,
})

/** Whether two settings say the same, whenever they were written. */
export const sameContent = (one: Written, other: Written): boolean =>
  one.value === other.value &&
  one.contentType === other.contentType &&
  one.description === other.description &&
  sameTags(one.tags, other.tags)

function sameTags(one: Tags, other: Tags): boolean {
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && one[name] === other[name])
  )
}

const encoder = new TextEncoder()
const bytesOf = (text: string | null | undefined): number => (text ? encoder.encode(text).length : 0)

/** The size of a setting: the bytes of everything that its writer said. */
export const sizeOf = ({ key, label, contentType, value, tags, description }: Written): number =>
  [key, label, contentType, value, description, ...Object.entries(tags).flat()].reduce<number>(
    (sum, text) => sum + bytesOf(text),
    0,
  )

/** Refuses a setting that has more bytes in all than its store lets one have. */
export function refuseLarge(setting: Written, settingBytesMax: number): void {
  const bytes = sizeOf(setting)
  if (bytes > settingBytesMax) {
    throw new Fault(
      'too-large',
      `A setting may have at most ${settingBytesMax} bytes in all: key, label, value, content type, tags and description. This one has ${bytes}.`,
    )
  }
}

/** Refuses what would make a store take more than it may; `bytes` is what it would take. */
export function refuseFull(bytes: number, storageBytesMax: number | undefined): void {
  if (storageBytesMax === undefined || bytes <= storageBytesMax) return
  throw new Fault(
    'throttled',
    `The settings of this store, their history and its snapshots may take at most ${storageBytesMax} bytes. With this they would take ${bytes}.`,
    { quota: 'Storage' },
  )
}

/** Which keys, or which labels: any, those that begin alike, or these. `undefined` is "no label". */
export type Filter =
  | { readonly kind: 'any' }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'these'; readonly these: readonly (string | undefined)[] }

/** The first text, in the order of characters, after all that begin with `prefix`; undefined: there is none. */
export function afterPrefix(prefix: string): string | undefined {
  const characters = Array.from(prefix, (character) => character.codePointAt(0) as number)
  while (characters.length > 0) {
    const last = characters.pop() as number
    // Surrogates are no characters.
    if (last < 0x10ffff) return String.fromCodePoint(...characters, last === 0xd7ff ? 0xe000 : last + 1)
  }
  return undefined
}

/** A tag that a setting must have, with exactly this value. */
export type TagWish = { readonly name: string; readonly value: string | null }

/** Whether a setting has all of these tags. */
export const hasTags = ({ tags }: Written, wishes: readonly TagWish[]): boolean =>
  wishes.every(({ name, value }) => Object.hasOwn(tags, name) && tags[name] === value)

/** Which settings of a store: those that fit each of these. */
export type Selection = { readonly key: Filter; readonly label: Filter; readonly tags: readonly TagWish[] }

/** Which part of a list in its order: after one, at most so many. */
export type Slice<After = Address> = { readonly after: After | undefined; readonly limit: number }

/** A revision in the order of its list: by key and label, the newest first. */
export type RevisionPlace = Address & { readonly since: number }

/**
 * The moment at which a store is looked at: now; or as it was when the change journal stood at a number, so that pages
 * of one list tell of one state; or as it was at an instant.
 */
export type Moment =
  | { readonly kind: 'now' }
  | { readonly kind: 'sequence'; readonly sequence: number }
  | { readonly kind: 'instant'; readonly at: Instant }

/** A part of a list, and the moment that it is of: asked for at the same moment, the other parts tell of the same state. */
export type Part<T> = { readonly items: readonly T[]; readonly moment: Moment }

/** By whole characters, as both databases order text; JavaScript's own order goes by halves of them. */
export function byCharacters(one: string, other: string): number {
  const others = other[Symbol.iterator]()
  for (const character of one) {
    const next = others.next()
    if (next.done) return 1
    const difference = (character.codePointAt(0) as number) - (next.value.codePointAt(0) as number)
    if (difference !== 0) return difference
  }
  return others.next().done ? 0 : -1
}
