import * as contract from '@cardea/contract/appconfig/key-values'
import { getSetting } from '#core/configuration/configuration.ts'
import { hasTags, noSuchSetting } from '#core/configuration/setting.ts'
import { storeRoute } from '../appconfig-route.ts'
import { tagsFrom } from '../filter.ts'
import { momentOf } from '../moments.ts'
import { theSetting } from './resource.ts'
import { chosenBy, keyValueUnlessKnown, speaks } from './wire.ts'

/** GET and HEAD are one answer; HTTP leaves the body of the second out. */
const reading = (operation: typeof contract.getSetting | typeof contract.headSetting) =>
  storeRoute(operation, {
    resource: theSetting,
    async run(sight, { params, query, subject: store, call }) {
      const tags = speaks(call, '2024-09-01') ? tagsFrom('tags', query.tags) : []
      const address = { key: params.key, label: query.label }
      const setting = await getSetting(sight, store, address, momentOf(call, sight.at))
      if (!hasTags(setting, tags)) throw noSuchSetting()
      return keyValueUnlessKnown(call, setting, chosenBy(query))
    },
  })

export const getKeyValue = () => reading(contract.getSetting)
export const headKeyValue = () => reading(contract.headSetting)
