import * as contract from '@cardea/contract/management/resources'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { providerNamed } from './catalogue.ts'

export default () =>
  managementRoute(contract.registerProvider, {
    resource: subscriptionId,
    async run(_sight, { params, subject: { subscription } }) {
      return providerNamed(params.namespace, subscription)
    },
  })
