import * as contract from '@cardea/contract/management/groups'
import { putGroup } from '#core/resources/groups.ts'
import { groupId } from '#core/vaults/resource-id.ts'
import { theGroup } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { put } from '../replies.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.putGroup, {
    resource: theGroup,
    async run(scope, { params, body, subject: { subscription } }) {
      const { group, fresh } = await putGroup(scope, groupId(subscription, params.group), body)
      return put(fresh, resourceOf(group, subscription))
    },
  })
