import * as contract from '@cardea/contract/management/groups'
import { getGroup } from '#core/resources/groups.ts'
import { theGroup } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.getGroup, {
    resource: theGroup,
    async run(sight, { params, subject: { subscription } }) {
      return resourceOf(await getGroup(sight, params.group), subscription)
    },
  })
