import { type KeyValue, type KeyValueField, keyValueFields } from '@cardea/contract/appconfig/key-values'
import { reaches } from '@cardea/contract/appconfig/versions'
import type { Instant } from '#base/clock.ts'
import type { Draft, Setting, Tags } from '#core/configuration/setting.ts'
import { type Call, Reply } from '../../plane.ts'
import { conditionally } from '../conditions.ts'

const type = 'application/vnd.microsoft.appconfig.kv+json; charset=utf-8'

type Parameters = {
  readonly value: string | null | undefined
  readonly content_type: string | null | undefined
  readonly tags: Tags | null | undefined
  readonly description: string | null | undefined
}

/** Whether a caller speaks a version that has what came with another. Who doesn't neither sees it nor changes it. */
export const speaks = ({ query }: Call, wanted: string): boolean => reaches(String(query['api-version']), wanted)
/** Descriptions came with this version. */
export const describes = (call: Call): boolean => speaks(call, '2026-04-01')

/** App Configuration's words into ours. */
export const draftFrom = (call: Call, { value, content_type, tags, description }: Parameters): Draft => ({
  value: value ?? undefined,
  contentType: content_type ?? undefined,
  tags: tags ?? {},
  description: describes(call) ? (description ?? null) : undefined,
})

/** Ours into App Configuration's: the chosen members, in the service's order. */
export function keyValueOf(call: Call, setting: Setting, chosen: Chosen): Partial<KeyValue> {
  const whole: KeyValue = {
    etag: setting.etag,
    key: setting.key,
    label: setting.label ?? null,
    content_type: setting.contentType ?? null,
    value: setting.value ?? null,
    tags: { ...setting.tags },
    locked: setting.locked,
    last_modified: wholeSecond(setting.modified),
    ...(describes(call) && { description: setting.description ?? null }),
  }
  return only(whole, chosen)
}

/** An instant in the service's form. */
export const wholeSecond = (at: Instant): string => `${new Date(at).toISOString().slice(0, 19)}+00:00`

/** One setting as an answer, to a reader who may have it already. */
export const keyValueUnlessKnown = (call: Call, setting: Setting, chosen: Chosen): Promise<Reply> =>
  conditionally(call, setting.etag, lastModified(setting), () => ({ type, json: keyValueOf(call, setting, chosen) }))

/** One setting as an answer to its writer. */
export const keyValueWritten = (call: Call, setting: Setting, headers: Record<string, string> = {}): Reply =>
  new Reply(
    200,
    { 'content-type': type, ...lastModified(setting), etag: `"${setting.etag}"`, ...headers },
    JSON.stringify(keyValueOf(call, setting, 'all')),
  )

const lastModified = ({ modified }: Setting) => ({ 'last-modified': new Date(modified).toUTCString() })

export type Chosen<Field extends string = KeyValueField> = 'all' | ReadonlySet<Field>

export type Selecting = { readonly $select?: string | undefined; readonly fields?: string | undefined }

/** `$select`: absent, empty and `*` are everything; names that we don't know choose nothing. */
export function selectedOf<Field extends string>({ $select, fields }: Selecting, all: readonly Field[]): Chosen<Field> {
  const names = ($select ?? fields ?? '').split(',').map((name) => name.trim().toLowerCase())
  if (names.includes('*') || names.every((name) => name === '')) return 'all'
  return new Set(all.filter((name) => names.includes(name)))
}
/** The members of key-values that a query asks for. */
export const chosenBy = (query: Selecting): Chosen => selectedOf(query, keyValueFields)

/** The chosen members of something, in their order. */
export const only = <T extends object, Field extends string>(whole: T, chosen: Chosen<Field>): Partial<T> =>
  chosen === 'all'
    ? whole
    : (Object.fromEntries(Object.entries(whole).filter(([name]) => chosen.has(name as Field))) as Partial<T>)
