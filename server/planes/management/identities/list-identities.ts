import * as contract from '@cardea/contract/management/identities'
import { listIdentities } from '#core/directory/managed-identities.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.listIdentities, {
    resource: subscriptionId,
    async run(sight, { subject: { subscription, tenant } }) {
      const found = await listIdentities(sight, `/subscriptions/${subscription}`)
      return listed(found.map((identity) => resourceOf(identity, tenant)))
    },
  })
