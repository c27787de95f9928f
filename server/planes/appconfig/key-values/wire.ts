import { type KeyValue, type KeyValueField, keyValueFields } from '@cardea/contract/appconfig/key-values'
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

/** Descriptions came with this version: who speaks an older one neither sees nor changes them. */
const describes = ({ query }: Call): boolean => {
  const version = String(query['api-version'])
  return version !== '1.0' && version >= '2026-04-01'
}

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
    last_modified: `${new Date(setting.modified).toISOString().slice(0, 19)}+00:00`,
    ...(describes(call) && { description: setting.description ?? null }),
  }
  if (chosen === 'all') return whole
  return Object.fromEntries(Object.entries(whole).filter(([name]) => chosen.has(name as KeyValueField)))
}

/** One setting as an answer, to a reader who may have it already. */
export const keyValueUnlessKnown = (call: Call, setting: Setting, chosen: Chosen): Reply =>
  conditionally(call, setting.etag, lastModified(setting), () => ({ type, json: keyValueOf(call, setting, chosen) }))

/** One setting as an answer to its writer. */
export const keyValueWritten = (call: Call, setting: Setting): Reply =>
  new Reply(
    200,
    { 'content-type': type, ...lastModified(setting), etag: `"${setting.etag}"` },
    JSON.stringify(keyValueOf(call, setting, 'all')),
  )

const lastModified = ({ modified }: Setting) => ({ 'last-modified': new Date(modified).toUTCString() })

export type Chosen = 'all' | ReadonlySet<KeyValueField>

/** `$select`: absent, empty and `*` are everything; names that we don't know choose nothing. */
export function chosenBy({
  $select,
  fields,
}: {
  readonly $select?: string | undefined
  readonly fields?: string | undefined
}): Chosen {
  const names = ($select ?? fields ?? '').split(',').map((name) => name.trim().toLowerCase())
  if (names.includes('*') || names.every((name) => name === '')) return 'all'
  return new Set(keyValueFields.filter((name) => names.includes(name)))
}
