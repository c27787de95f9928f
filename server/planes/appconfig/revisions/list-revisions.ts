import { pageSize } from '@cardea/contract/appconfig/key-values'
import * as contract from '@cardea/contract/appconfig/revisions'
import { countRevisions, listRevisions } from '#core/configuration/configuration.ts'
import type { RevisionPlace } from '#core/configuration/setting.ts'
import { Reply } from '../../plane.ts'
import { storeRoute } from '../appconfig-route.ts'
import { filterFrom, tagsFrom } from '../filter.ts'
import { pageOf } from '../key-values/list-key-values.ts'
import { theStore } from '../key-values/resource.ts'
import { chosenBy, speaks } from '../key-values/wire.ts'
import { momentOf } from '../moments.ts'
import { placeOf } from '../paging.ts'
import { rangeOf } from './range.ts'

/** What settings are and were: page after page, or the range that is asked for. */
const listing = (operation: typeof contract.listRevisions | typeof contract.headRevisions) =>
  storeRoute(operation, {
    resource: theStore,
    async run(sight, { query, subject: store, call }) {
      const selection = {
        key: filterFrom('key', query.key),
        label: filterFrom('label', query.label, 'label'),
        tags: speaks(call, '2023-11-01') ? tagsFrom('tags', query.tags) : [],
      }
      const chosen = chosenBy(query)
      const place = placeOf(query.after, momentOf(call, sight.at))
      const range = rangeOf(call)
      if (range === undefined) {
        const slice = { after: revisionIn(place.after), limit: pageSize }
        const page = await listRevisions(sight, store, selection, place.moment, slice)
        return withRanges(await pageOf(call, page, placeIn, chosen))
      }
      const total = await countRevisions(sight, store, selection, place.moment)
      if (range.first >= total) return new Reply(416, { 'content-range': `items */${total}`, 'accept-ranges': 'items' })
      const limit = Math.min(range.last - range.first + 1, pageSize)
      const slice = { after: undefined, skip: range.first, limit }
      const page = await listRevisions(sight, store, selection, place.moment, slice)
      const { answer } = await pageOf(call, page, placeIn, chosen)
      const last = range.first + page.items.length - 1
      const headers: Record<string, string> = {
        ...answer.headers,
        'content-range': `items ${range.first}-${last}/${total}`,
      }
      // What follows a range is asked for by another range.
      delete headers.link
      return withRanges(new Reply(answer.status === 200 ? 206 : answer.status, headers, answer.body))
    },
  })

const withRanges = ({ answer: { status, headers, body } }: Reply): Reply =>
  new Reply(status, { ...headers, 'accept-ranges': 'items' }, body)

const placeIn = ({ key, label, since }: RevisionPlace): string[] => [key, label ?? '', String(since)]
const revisionIn = (after: readonly string[] | undefined): RevisionPlace | undefined => {
  const [key, label, since] = after ?? []
  if (key === undefined || label === undefined || since === undefined || !/^\d{1,15}$/.test(since)) return undefined
  return { key, label: label === '' ? undefined : label, since: Number(since) }
}

export const listAllRevisions = () => listing(contract.listRevisions)
export const headAllRevisions = () => listing(contract.headRevisions)
