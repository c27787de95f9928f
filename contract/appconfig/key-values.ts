import { operation } from '../operation.ts'
import { dictionary, nothing, nullable, optional, record, text } from '../shape.ts'

/** Azure App Configuration, key-values (REST API 1.0 to 2026-04-01). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the service refuses exactly these
const clean = /^[^\u0000-\u001f\u007f]*$/
const wanted = 'free of control characters'

export const settingKey = text({
  maxCharacters: 256,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the service refuses exactly these
  pattern: /^(?!\.{1,2}$)[^%\u0000-\u001f\u007f]+$/,
  wanted: 'a key: not empty, not "." or "..", without "%" and control characters',
})
export const settingLabel = text({ maxCharacters: 256, pattern: clean, wanted })
/** All of a setting together may have at most 10 KB (service limits). */
export const settingBytesMax = 10 * 1024
export const pageSize = 100

const none = record({})
const keyed = record({ key: settingKey })
const selected = { $select: optional(text()) }
const labelled = record({ label: optional(text({ maxCharacters: 512 })), ...selected })
const filtered = record({
  key: optional(text({ maxCharacters: 4096 })),
  label: optional(text({ maxCharacters: 4096 })),
  after: optional(text({ maxCharacters: 2048 })),
  ...selected,
})

export const getSetting = operation({
  id: 'KeyValueGet',
  method: 'GET',
  path: '/kv/*key',
  since: '1.0',
  action: 'settings/read',
  effect: 'read',
  params: keyed,
  query: labelled,
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
  effect: 'write',
  params: keyed,
  query: labelled,
  body: record({
    value: nullable(text({ maxBytes: settingBytesMax })),
    content_type: nullable(text({ maxCharacters: 1024, pattern: clean, wanted })),
    tags: nullable(dictionary(nullable(text({ maxCharacters: 256, pattern: clean, wanted })), { maxKey: 256 })),
    description: nullable(text({ maxCharacters: 1024 })),
  }),
  status: 200,
})

export const deleteSetting = operation({
  id: 'KeyValueDelete',
  method: 'DELETE',
  path: '/kv/*key',
  since: '1.0',
  action: 'settings/delete',
  effect: 'write',
  params: keyed,
  query: labelled,
  body: nothing,
  status: 200,
})

/** A key-value as the wire has it, in the service's member order. */
export type KeyValue = {
  etag: string
  key: string
  label: string | null
  content_type: string | null
  value: string | null
  tags: Record<string, string | null>
  locked: boolean
  last_modified: string
  description?: string | null
}

/** Section 9.1 of the wire: a setting whose value lives in a vault. */
export const keyVaultReferenceType = 'application/vnd.microsoft.appconfig.keyvaultref+json'
