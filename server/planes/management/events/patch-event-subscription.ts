import * as contract from '@cardea/contract/management/event-subscriptions'
import type { Egress } from '#base/egress.ts'
import { patchEventSubscription } from '#core/resources/event-subscriptions.ts'
import type { Hosts } from '../../http/hosts.ts'
import { managementRoute } from '../management-route.ts'
import { addressIn, subscriptionAsked } from './address.ts'
import { begun } from './progress.ts'
import { draftFrom } from './wire.ts'

export default (hosts: Hosts, reach: Pick<Egress, 'allowPrivate'>) =>
  managementRoute(contract.patchEventSubscription, {
    resource: subscriptionAsked,
    async run(scope, { body, call, subject }) {
      return begun(await patchEventSubscription(scope, reach, addressIn(call, subject), draftFrom(body)), hosts)
    },
  })
