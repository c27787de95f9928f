import { operation } from '../operation.ts'
import { nothing, optional, record, text } from '../shape.ts'
import { filterText, pageToken } from './key-values.ts'

/** The keys and the labels that a store's settings have. */
const none = record({})
const named = record({ name: filterText, after: pageToken, $select: optional(text()) })

export const listKeys = operation({
  id: 'KeyNameList',
  method: 'GET',
  path: '/keys',
  since: '1.0',
  action: 'settings/read',
  reach: 'within',
  effect: 'read',
  params: none,
  query: named,
  body: nothing,
  status: 200,
})
export const headKeys = operation({ ...listKeys, id: 'KeyNameListCheck', method: 'HEAD' })

export const listLabels = operation({ ...listKeys, id: 'LabelList', path: '/labels' })
export const headLabels = operation({ ...listLabels, id: 'LabelListCheck', method: 'HEAD' })

/** A page of keys, or of labels; null is "no label". */
export type NameSet = { items: { name: string | null }[]; '@nextLink'?: string }
