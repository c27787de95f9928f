import { pageSize } from '@cardea/contract/appconfig/key-values'
import * as contract from '@cardea/contract/appconfig/names'
import { listNames } from '#core/configuration/configuration.ts'
import { Reply } from '../../plane.ts'
import { storeRoute } from '../appconfig-route.ts'
import { filterFrom } from '../filter.ts'
import { theStore } from '../key-values/resource.ts'
import { momentOf } from '../moments.ts'
import { linkOf, nextAfter, nextLink, nextTarget, placeOf } from '../paging.ts'

type Listing = typeof contract.listKeys | typeof contract.headKeys | typeof contract.listLabels

/** The keys, or the labels, of a store's settings. */
const naming = (operation: Listing, of: 'key' | 'label') =>
  storeRoute(operation, {
    resource: theStore,
    async run(sight, { query, subject: store, call }) {
      const filter = filterFrom('name', query.name, of)
      const place = placeOf(query.after, momentOf(call, sight.at))
      const slice = { after: place.after?.[0], limit: pageSize }
      const { items, moment } = await listNames(sight, store, of, filter, place.moment, slice)
      const token = nextAfter(items, moment, (name) => [name])
      const next = token && nextTarget(call, token)
      const json: contract.NameSet = {
        items: items.map((name) => ({ name: name === '' ? null : name })),
        ...nextLink(next),
      }
      const type = `application/vnd.microsoft.appconfig.${of}set+json; charset=utf-8`
      return new Reply(200, { 'content-type': type, ...linkOf(next) }, JSON.stringify(json))
    },
  })

export const listKeyNames = () => naming(contract.listKeys, 'key')
export const headKeyNames = () => naming(contract.headKeys, 'key')
export const listLabelNames = () => naming(contract.listLabels, 'label')
export const headLabelNames = () => naming(contract.headLabels, 'label')
