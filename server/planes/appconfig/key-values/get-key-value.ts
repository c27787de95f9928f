import * as contract from '@cardea/contract/appconfig/key-values'
import { getSetting } from '#core/configuration/configuration.ts'
import { storeRoute } from '../appconfig-route.ts'
import { refuseUnanswered } from '../conditions.ts'
import { theSetting } from './resource.ts'
import { chosenBy, keyValueUnlessKnown } from './wire.ts'

/** GET and HEAD are one answer; HTTP leaves the body of the second out. */
const reading = (operation: typeof contract.getSetting | typeof contract.headSetting) =>
  storeRoute(operation, {
    resource: theSetting,
    async run(sight, { params, query, subject: store, call }) {
      refuseUnanswered(call, query, sight.at)
      const setting = await getSetting(sight, store, { key: params.key, label: query.label })
      return keyValueUnlessKnown(call, setting, chosenBy(query))
    },
  })

export const getKeyValue = () => reading(contract.getSetting)
export const headKeyValue = () => reading(contract.headSetting)
