import * as contract from '@cardea/contract/appconfig/key-values'
import { deleteSetting } from '#core/configuration/configuration.ts'
import { Reply } from '../../plane.ts'
import { storeRoute } from '../appconfig-route.ts'
import { conditionOf } from '../conditions.ts'
import { theSetting } from './resource.ts'
import { keyValueWritten } from './wire.ts'

export default () =>
  storeRoute(contract.deleteSetting, {
    resource: theSetting,
    async run(scope, { params, query, subject: store, call }) {
      const gone = await deleteSetting(scope, store, { key: params.key, label: query.label }, conditionOf(call))
      return gone === undefined ? new Reply(204, {}) : keyValueWritten(call, gone)
    },
  })
