import * as contract from '@cardea/contract/management/event-subscriptions'
import type { Egress } from '#base/egress.ts'
import { putEventSubscription } from '#core/resources/event-subscriptions.ts'
import type { Hosts } from '../../http/hosts.ts'
import { managementRoute } from '../management-route.ts'
import { addressIn, subscriptionAsked } from './address.ts'
import { begun } from './progress.ts'
import { draftFrom } from './wire.ts'

export default (hosts: Hosts, reach: Pick<Egress, 'allowPrivate'>) =>
  managementRoute(contract.putEventSubscription, {
    resource: subscriptionAsked,
    async run(scope, { body, call, subject }) {
      const draft = draftFrom(body.properties)
      return begun(await putEventSubscription(scope, reach, addressIn(call, subject), draft), hosts)
    },
  })
