import { isDeepStrictEqual } from 'node:util'
import { featureFlagPrefix, featureFlagType } from '@cardea/contract/appconfig/feature-flags'
import { type KeyValue, settingKey, settingLabel } from '@cardea/contract/appconfig/key-values'
import { ShapeError } from '@cardea/contract/shape'
import { settingPath } from '../paths.ts'
import { pagesOf, type Service } from '../service.ts'
import type { Content, Entry, Source } from './entry.ts'
import { collisions, type Doing, type Plan, refusedStep } from './plan.ts'

/** A store that speaks Azure's wire, ours or Azure's own: what is in it, and what would be changed in it. */

export type Chosen = {
  /** The beginning of the keys. */
  readonly prefix: string
  /** A filter of labels as the service has it; without one, settings without a label. */
  readonly label: string | undefined
  /** As it was then. */
  readonly at?: string | undefined
}

const noLabel = '\0'
const literal = (text: string): string => text.replace(/[\\*,]/g, '\\$&')

/** The settings whose keys begin so. */
function settingsOf(store: Service, { prefix, label, at }: Chosen): Promise<KeyValue[]> {
  const query = new URLSearchParams({ key: `${literal(prefix)}*`, label: label ?? noLabel })
  return pagesOf<KeyValue>(
    store,
    `/kv?${query}`,
    'items',
    '@nextLink',
    at === undefined ? {} : { 'accept-datetime': at },
  )
}

/** Settings as they travel. Without `keepPrefix`, what their keys begin with is left out. */
export const storeSource = (store: Service, chosen: Chosen, keepPrefix: boolean): Source => ({
  says: store.origin,
  async entries() {
    const settings = await settingsOf(store, chosen)
    return { entries: settings.map((setting) => entryOf(setting, keepPrefix ? '' : chosen.prefix)), withheld: [] }
  },
})

const entryOf = ({ key, label, value, content_type, tags }: KeyValue, prefix: string): Entry => ({
  name: key.slice(prefix.length),
  value: value ?? '',
  label: label ?? undefined,
  contentType: content_type ?? undefined,
  tags: Object.fromEntries(Object.entries(tags ?? {}).map(([name, tag]) => [name, tag ?? ''])),
})

export type IntoStore = {
  readonly prefix: string
  readonly label: string | undefined
  readonly tags: Readonly<Record<string, string>>
  /** Deletes what has the prefix and one of the labels, and isn't at the source. */
  readonly strict: boolean
  /** The keys have the prefix already, and what hasn't is none of ours. */
  readonly whole: boolean
}

type Wanted = { readonly entry: Entry; readonly key: string; readonly label: string | undefined }

const placeOf = (key: string, label: string | null | undefined): string => JSON.stringify([key, label || null])

/** What an import would do in a store. What is there is compared, and only changed as it was when it was looked at. */
export async function planForStore(store: Service, content: Content, into: IntoStore): Promise<Plan> {
  const wanted = content.entries.map(
    (entry): Wanted => ({
      entry,
      key: into.whole || entry.name.startsWith(featureFlagPrefix) ? entry.name : `${into.prefix}${entry.name}`,
      label: into.label ?? (entry.label || undefined),
    }),
  )
  const labels = [...new Set(wanted.map(({ label }) => label))]
  const there = new Map<string, KeyValue>()
  for (const prefix of prefixesOf(wanted, into.prefix)) {
    for (const label of labels) {
      const found = await settingsOf(store, { prefix, label: label === undefined ? undefined : literal(label) })
      for (const setting of found) there.set(placeOf(setting.key, setting.label), setting)
    }
  }
  const clashes = collisions(
    wanted,
    ({ key, label }) => placeOf(key, label),
    ({ entry }) => entry.name,
  )
  const steps = wanted.map((one): Doing => {
    const { entry, key, label } = one
    const refuse = (reason: string): Doing => ({ ...refusedStep({ name: entry.name, label, reason }), name: key })
    const bad = complaint(key, label)
    if (bad !== undefined) return refuse(bad)
    const clash = clashes.get(one)
    if (clash !== undefined) return refuse(`would be the same setting as ${clash}`)
    if (into.whole && !key.startsWith(into.prefix)) return refuse(`doesn't begin with ${into.prefix}`)
    return stepFor(store, one, there.get(placeOf(key, label)), into.tags)
  })
  // What is there and can't be taken along is no reason to delete what it once became.
  const held = content.withheld.map(({ name, label }) =>
    placeOf(`${into.whole ? '' : into.prefix}${name}`, into.label ?? label),
  )
  const kept = new Set([...wanted.map(({ key, label }) => placeOf(key, label)), ...held])
  const owned = [...there].filter(([, { key }]) => into.strict && into.prefix !== '' && key.startsWith(into.prefix))
  const deletions = owned.filter(([place]) => !kept.has(place)).map(([, setting]) => deletion(store, setting))
  return [...steps, ...deletions, ...content.withheld.map(refusedStep)]
}

/** Where to look: flags stand apart, whatever the prefix. */
function prefixesOf(wanted: readonly Wanted[], prefix: string): string[] {
  return wanted.some(({ key }) => !key.startsWith(prefix)) ? [prefix, featureFlagPrefix] : [prefix]
}

function complaint(key: string, label: string | undefined): string | undefined {
  try {
    settingKey.read(key, 'the key')
    settingLabel.read(label, 'the label')
    return undefined
  } catch (error) {
    if (error instanceof ShapeError) return error.message
    throw error
  }
}

function stepFor(
  store: Service,
  { entry, key, label }: Wanted,
  before: KeyValue | undefined,
  more: Readonly<Record<string, string>>,
): Doing {
  const step = { from: entry.name, name: key, label: label ?? null }
  const tags = { ...(entry.tags ?? before?.tags), ...more }
  const body = {
    value: entry.value,
    content_type: entry.contentType ?? before?.content_type ?? '',
    tags,
    ...(before?.description && { description: before.description }),
  }
  const act = write(store, settingPath(key, label), body, before)
  const change = { do: 'set', key, label: label ?? null, ...body, ...conditionOf(before) } as const
  if (before === undefined) return { ...step, what: 'new', reason: null, before: null, act, change }
  const same =
    saysTheSame(before, body) &&
    (before.content_type ?? '') === body.content_type &&
    sameTags((before.tags ?? {}) as Readonly<Record<string, string>>, tags)
  if (same) return { ...step, what: 'same', reason: null, before: before.etag }
  if (before.locked) return { ...step, what: 'refused', reason: 'is locked', before: before.etag }
  return { ...step, what: 'changed', reason: null, before: before.etag, act, change }
}

/** Feature flags say the same in whatever order and spacing, and what is null in them is not there. */
function saysTheSame(before: KeyValue, { value, content_type }: { value: string; content_type: string }): boolean {
  if (before.value === value) return true
  if (!content_type.startsWith(featureFlagType)) return false
  try {
    const read = (text: string): unknown => JSON.parse(text, (_, inner) => (inner === null ? undefined : inner))
    return isDeepStrictEqual(read(before.value ?? ''), read(value))
  } catch {
    return false
  }
}

function sameTags(
  one: Readonly<Record<string, string | null>>,
  other: Readonly<Record<string, string | null>>,
): boolean {
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
}

/** Only as it was when the plan was made: what somebody else changes meanwhile isn't lost. */
const asItWas = (before: KeyValue | undefined): Record<string, string> =>
  before === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${before.etag}"` }

/** The same, as a change set spells it. */
const conditionOf = (before: KeyValue | undefined): object =>
  before === undefined ? { if_none_match: '*' } : { if_match: before.etag }

const write = (store: Service, path: string, body: object, before: KeyValue | undefined) => async () =>
  (await store.ask<KeyValue>('PUT', path, body, asItWas(before))).body.etag

const deletion = (store: Service, setting: KeyValue): Doing => {
  const { key, label, locked, etag } = setting
  const step = { from: null, name: key, label: label ?? null, before: etag }
  if (locked) return { ...step, what: 'refused', reason: 'is locked, and so not deleted' }
  return {
    ...step,
    what: 'delete',
    reason: null,
    change: { do: 'delete', key, label, ...conditionOf(setting) },
    async act() {
      await store.ask('DELETE', settingPath(key, label ?? undefined), undefined, asItWas(setting))
      return null
    },
  }
}
