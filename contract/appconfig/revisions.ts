import { operation } from '../operation.ts'
import { nothing, record } from '../shape.ts'
import { filterText, pageToken, selected, tagFilters } from './key-values.ts'

/** What settings are and were, the newest first; deletions are no entries. */
export const listRevisions = operation({
  id: 'RevisionList',
  method: 'GET',
  path: '/revisions',
  since: '1.0',
  action: 'settings/read',
  reach: 'within',
  effect: 'read',
  params: record({}),
  query: record({ key: filterText, label: filterText, tags: tagFilters, after: pageToken, ...selected }),
  body: nothing,
  status: 200,
})
export const headRevisions = operation({ ...listRevisions, id: 'RevisionListCheck', method: 'HEAD' })
