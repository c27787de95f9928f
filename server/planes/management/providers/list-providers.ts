import * as contract from '@cardea/contract/management/resources'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { catalogue, providerOf } from './catalogue.ts'

export default () =>
  managementRoute(contract.listProviders, {
    resource: subscriptionId,
    async run(_sight, { subject: { subscription } }) {
      return listed(Object.keys(catalogue).flatMap((name) => providerOf(name, subscription) ?? []))
    },
  })
