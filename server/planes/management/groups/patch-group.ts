import * as contract from '@cardea/contract/management/groups'
import { patchGroup } from '#core/resources/groups.ts'
import { groupId } from '#core/vaults/resource-id.ts'
import { theGroup } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.patchGroup, {
    resource: theGroup,
    async run(scope, { params, body, subject: { subscription } }) {
      return resourceOf(await patchGroup(scope, groupId(subscription, params.group), body.tags), subscription)
    },
  })
