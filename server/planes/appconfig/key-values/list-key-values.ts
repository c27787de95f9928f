import * as contract from '@cardea/contract/appconfig/key-values'
import { listSettings } from '#core/configuration/configuration.ts'
import { storeRoute } from '../appconfig-route.ts'
import { conditionally, refuseUnanswered } from '../conditions.ts'
import { filterFrom } from './filter.ts'
import { around, sliceOf } from './paging.ts'
import { theStore } from './resource.ts'
import { chosenBy, keyValueOf } from './wire.ts'

const type = 'application/vnd.microsoft.appconfig.kvset+json; charset=utf-8'

/** GET and HEAD are one answer; HTTP leaves the body of the second out. The link to the next page comes on 304, too. */
const listing = (operation: typeof contract.listSettings | typeof contract.headSettings) =>
  storeRoute(operation, {
    resource: theStore,
    async run(sight, { query, subject: store, call }) {
      refuseUnanswered(call, query, sight.at)
      const selection = { key: filterFrom('key', query.key), label: filterFrom('label', query.label) }
      const settings = await listSettings(sight, store, selection, sliceOf(query.after))
      const { etag, next } = around(call, settings)
      const link = next === undefined ? undefined : { link: `<${next}>; rel="next"` }
      return conditionally(call, etag, { ...link }, () => ({ type, json: pageOf(settings, etag, next) }))

      function pageOf(page: typeof settings, etag: string, next: string | undefined): contract.KeyValueSet {
        const items = page.map((setting) => keyValueOf(call, setting, chosenBy(query)))
        return { items, etag, ...(next !== undefined && { '@nextLink': next }) }
      }
    },
  })

export const listKeyValues = () => listing(contract.listSettings)
export const headKeyValues = () => listing(contract.headSettings)
