import * as contract from '@cardea/contract/management/subscriptions'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'

export default () =>
  managementRoute(contract.listTenants, {
    resource: subscriptionId,
    async run(_scope, { subject: { tenant } }) {
      return listed([{ id: `/tenants/${tenant}`, tenantId: tenant, displayName: 'Cardea', tenantCategory: 'Home' }])
    },
  })
