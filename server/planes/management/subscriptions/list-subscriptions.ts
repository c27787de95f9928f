import * as contract from '@cardea/contract/management/subscriptions'
import { managementRoute } from '../management-route.ts'

export default () =>
  managementRoute(contract.listSubscriptions, {
    resource: (_, { subscription }) => `/subscriptions/${subscription}`,
    async run(_scope, { subject: { tenant, subscription } }) {
      const id = `/subscriptions/${subscription}`
      return {
        value: [{ id, subscriptionId: subscription, tenantId: tenant, displayName: 'Cardea', state: 'Enabled' }],
      }
    },
  })
