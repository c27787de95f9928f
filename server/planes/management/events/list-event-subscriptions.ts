import * as contract from '@cardea/contract/management/event-subscriptions'
import { scopeIn } from '@cardea/contract/operation'
import { listEventSubscriptions } from '#core/resources/event-subscriptions.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { addressIn } from './address.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.listEventSubscriptions, {
    resource: scopeIn,
    async run(sight, { call, subject }) {
      return listed((await listEventSubscriptions(sight, addressIn(call, subject))).map(resourceOf))
    },
  })
