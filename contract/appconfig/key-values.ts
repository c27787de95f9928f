import { operation } from '../operation.ts'
import { dictionary, nothing, nullable, optional, record, type Shape, text } from '../shape.ts'

/** Azure App Configuration, key-values (REST API 1.0 to 2026-04-01). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the service refuses exactly these
export const clean = /^[^\u0000-\u001f\u007f]*$/
export const wanted = 'free of control characters'

export const settingKey = text({
  maxCharacters: 256,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the service refuses exactly these
  pattern: /^(?!\.{1,2}$)[^%\u0000-\u001f\u007f]+$/,
  wanted: 'a key: not empty, not "." or "..", without "%" and control characters',
})
const cleanLabel = text({ maxCharacters: 256, pattern: clean, wanted })
/** A label that is meant literally. Absent, empty and `\0` all mean: no label. */
export const settingLabel: Shape<string | undefined> = {
  read: (value, where) =>
    value === undefined || value === '' || value === '\0' ? undefined : cleanLabel.read(value, where),
}
const tagText = text({ maxCharacters: 256, pattern: clean, wanted })
const tagValues = dictionary<string | null>({
  read: (value, where) => (value === null ? null : tagText.read(value, where)),
})
export const settingTags: Shape<Record<string, string | null>> = {
  read(value, where) {
    const tags = tagValues.read(value, where)
    for (const name of Object.keys(tags)) tagText.read(name, `${where}, the name "${name.slice(0, 32)}",`)
    return tags
  },
}
export const description = text({ maxCharacters: 1024, pattern: /^[^\0]*$/, wanted: 'free of NUL' })
/** All of a setting together may have at most 10 KB (service limits), unless its store says otherwise. */
export const settingBytesDefault = 10 * 1024
/** No store may say more. */
export const settingBytesMost = 128 * 1024
export const pageSize = 100

const none = record({})
const keyed = record({ key: settingKey })

/** A filter of keys, labels or names; the plane reads what it says. */
export const filterText = optional(text({ maxCharacters: 4096 }))
/** The token of a page; one that isn't ours is passed over. */
export const pageToken = optional(text({ maxCharacters: 4096 }))
/** One tag filter, or several. */
export const tagFilters: Shape<readonly string[]> = {
  read: (value, where) =>
    value === undefined ? [] : (Array.isArray(value) ? value : [value]).map((one) => tagFilter.read(one, where)),
}
const tagFilter = text({ maxCharacters: 1024 })
/** `fields` is an older name of `$select`. */
export const selected = { $select: optional(text()), fields: optional(text()) }

const labelled = record({ label: settingLabel })
const read = record({ label: settingLabel, tags: tagFilters, ...selected })
const filtered = record({
  key: filterText,
  label: filterText,
  tags: tagFilters,
  snapshot: optional(text({ maxCharacters: 256 })),
  after: pageToken,
  ...selected,
})

export const getSetting = operation({
  id: 'KeyValueGet',
  method: 'GET',
  path: '/kv/*key',
  since: '1.0',
  action: 'settings/read',
  reach: 'within',
  effect: 'read',
  params: keyed,
  query: read,
  body: nothing,
  status: 200,
})

export const headSetting = operation({ ...getSetting, id: 'KeyValueCheck', method: 'HEAD' })

export const listSettings = operation({
  id: 'KeyValueList',
  method: 'GET',
  path: '/kv',
  since: '1.0',
  action: 'settings/read',
  reach: 'within',
  effect: 'read',
  params: none,
  query: filtered,
  body: nothing,
  status: 200,
})

export const headSettings = operation({ ...listSettings, id: 'KeyValueListCheck', method: 'HEAD' })

export const putSetting = operation({
  id: 'KeyValuePut',
  method: 'PUT',
  path: '/kv/*key',
  since: '1.0',
  action: 'settings/write',
  reach: 'within',
  effect: 'write',
  params: keyed,
  query: labelled,
  body: record({
    value: nullable(text()),
    content_type: nullable(text({ maxCharacters: 1024, pattern: clean, wanted })),
    tags: nullable(settingTags),
    description: nullable(description),
  }),
  status: 200,
  // A setting may come as six times as many bytes of JSON, every character escaped.
  bodyBytesMax: 1024 * 1024,
})

export const deleteSetting = operation({
  id: 'KeyValueDelete',
  method: 'DELETE',
  path: '/kv/*key',
  since: '1.0',
  action: 'settings/delete',
  reach: 'within',
  effect: 'write',
  params: keyed,
  query: labelled,
  body: nothing,
  status: 200,
})

/** The members of a key-value, in the service's order. */
export const keyValueFields = [
  'etag',
  'key',
  'label',
  'content_type',
  'value',
  'tags',
  'locked',
  'last_modified',
  'description',
] as const
export type KeyValueField = (typeof keyValueFields)[number]

/** A key-value as the wire has it. */
export type KeyValue = {
  etag: string
  key: string
  label: string | null
  content_type: string | null
  value: string | null
  tags: Record<string, string | null>
  locked: boolean
  last_modified: string
  /** Since 2026-04-01. */
  description?: string | null
}

/** A page of key-values. A full page always names a next one, which may be empty. */
export type KeyValueSet = { items: Partial<KeyValue>[]; etag: string; '@nextLink'?: string }

/** Errors, in the form of RFC 7807. */
export type Problem = {
  type: string
  title: string
  name?: string
  detail?: string
  pos?: number
  status: number
  /** Which quota was surpassed. */
  policy?: string
}

/** Section 9.1 of the wire: a setting whose value lives in a vault. */
export const keyVaultReferenceType = 'application/vnd.microsoft.appconfig.keyvaultref+json'
