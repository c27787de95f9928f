import {
  type Composition,
  retentionSeconds,
  type SnapshotStatus,
  snapshotBytesMax,
} from '@cardea/contract/appconfig/snapshots'
import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { byCharacters, type Selection, sizeOf, type Tags, type Written } from './setting.ts'

/**
 * A snapshot is what chosen settings were at one moment. It is made in two steps: asked for, which fixes the moment, and
 * filled. Once it is ready its content never changes; it can be archived, had back until it expires, and is gone then.
 */
export type Snapshot = {
  readonly name: string
  readonly etag: string
  readonly status: SnapshotStatus
  /** Why it failed, if it did. */
  readonly error: SnapshotError | undefined
  readonly filters: readonly SnapshotFilter[]
  readonly composition: Composition
  readonly retentionSeconds: number
  readonly tags: Tags
  readonly description: string | undefined
  readonly created: Instant
  readonly expires: Instant | undefined
  readonly items: number
  /** In bytes. */
  readonly size: number
  /** The number of the change journal at the moment that it shows. */
  readonly sequence: number
}
export type SnapshotError = 'QuotaExceeded' | 'Forbidden'

/** A filter as its writer said it, and what it means. */
export type SnapshotFilter = {
  readonly said: {
    readonly key: string
    readonly label: string | undefined
    readonly tags: readonly string[] | undefined
  }
  readonly means: Selection
}

/** What a caller says that a snapshot shall be. */
export type SnapshotDraft = {
  readonly filters: readonly SnapshotFilter[]
  readonly composition: Composition | undefined
  readonly retentionSeconds: number | undefined
  readonly tags: Tags
  readonly description: string | undefined
}

/** One value for each key means that each filter has one label. */
export function refuseAmbiguous({ composition, filters }: SnapshotDraft): void {
  if (composition === 'key_label') return
  for (const [index, { means }] of filters.entries()) {
    const { label } = means
    if (label.kind !== 'these' || label.these.length !== 1)
      throw new Fault('invalid', "A snapshot composed by 'key' takes filters with one label, without wildcards.", {
        where: `filters[${index}].label`,
      })
  }
}

/** A snapshot that is still to be filled, as of a place in the change journal. */
export const asked = (name: string, draft: SnapshotDraft, etag: string, at: Instant, sequence: number): Snapshot => ({
  name,
  etag,
  status: 'provisioning',
  error: undefined,
  filters: draft.filters,
  composition: draft.composition ?? 'key',
  retentionSeconds: draft.retentionSeconds ?? retentionSeconds.usual,
  tags: draft.tags,
  description: draft.description,
  created: at,
  expires: undefined,
  items: 0,
  size: 0,
  sequence,
})

/** The snapshot in the state that is asked for; the same one when it is in it already. */
export function moved(snapshot: Snapshot, status: 'ready' | 'archived', etag: string, at: Instant): Snapshot {
  if (snapshot.status === status) return snapshot
  const before = status === 'archived' ? 'ready' : 'archived'
  if (snapshot.status !== before)
    throw new Fault('conflict', `A snapshot that is ${snapshot.status} cannot become ${status}.`)
  const expires = status === 'archived' ? at + snapshot.retentionSeconds * 1000 : undefined
  return { ...snapshot, status, etag, expires }
}

/** Whether its content can be read. */
export const isReadable = ({ status }: Snapshot): boolean => status === 'ready' || status === 'archived'

/** Gathers what a snapshot holds: filter after filter, where a later one wins over what an earlier one found. */
export class Composing<Item extends { readonly setting: Written }> {
  readonly #found = new Map<string, Item>()
  readonly #composition: Composition
  #size = 0

  constructor(composition: Composition) {
    this.#composition = composition
  }

  /** Adds what a filter found; false once it is more than a snapshot may hold. */
  add(items: readonly Item[]): boolean {
    for (const item of items) {
      const { key, label } = item.setting
      // Neither keys nor labels can hold a line break.
      const place = this.#composition === 'key' ? key : `${key}\n${label ?? ''}`
      const before = this.#found.get(place)
      this.#size += sizeOf(item.setting) - (before === undefined ? 0 : sizeOf(before.setting))
      this.#found.set(place, item)
    }
    return this.#size <= snapshotBytesMax
  }

  get size(): number {
    return this.#size
  }

  /** In the order of lists: by key, then label. */
  get items(): readonly Item[] {
    return [...this.#found.values()].sort(
      ({ setting: one }, { setting: other }) =>
        byCharacters(one.key, other.key) || byCharacters(one.label ?? '', other.label ?? ''),
    )
  }
}
