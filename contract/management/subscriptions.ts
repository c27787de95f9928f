import { operation } from '../operation.ts'
import { nothing, record } from '../shape.ts'

/** Azure Resource Manager: what there is at all. Api-versions are dates; any is taken. */
const none = record({})

export const listSubscriptions = operation({
  id: 'SubscriptionList',
  method: 'GET',
  path: '/subscriptions',
  since: 'always',
  action: 'subscriptions/read',
  reach: 'within',
  effect: 'read',
  params: none,
  query: none,
  body: nothing,
  status: 200,
})
