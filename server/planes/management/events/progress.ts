import { json } from '#base/media-types.ts'
import type { Subscription } from '#core/subscriptions/subscription.ts'
import { subscriptionId } from '#core/subscriptions/subscriptions.ts'
import type { Hosts } from '../../http/hosts.ts'
import { Reply } from '../../plane.ts'
import { resourceOf } from './wire.ts'

/** How far it has come, in Resource Manager's words for what takes a while; why not, where it has failed. */
export const progressOf = ({ state, trouble }: Subscription): object =>
  state === 'Succeeded'
    ? { status: 'Succeeded' }
    : state === 'Failed'
      ? { status: 'Failed', error: { code: 'Url validation', message: trouble ?? 'The address does not want events.' } }
      : new Reply(200, { 'content-type': json, 'retry-after': '1' }, JSON.stringify({ status: 'InProgress' }))

/** What was asked for is begun: whether the address wants events is seen where the header says. */
export const begun = (subscription: Subscription, hosts: Hosts): Reply =>
  new Reply(
    201,
    {
      'content-type': json,
      'azure-asyncoperation': `${hosts.managementUrl}${subscriptionId(subscription)}/progress?api-version=2022-06-15`,
      'retry-after': '1',
    },
    JSON.stringify(resourceOf(subscription)),
  )
