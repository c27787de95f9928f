import * as contract from '@cardea/contract/management/groups'
import { getGroup } from '#core/resources/groups.ts'
import { theGroup } from '../ids.ts'
import { managementRoute } from '../management-route.ts'

export default () =>
  managementRoute(contract.headGroup, {
    resource: theGroup,
    async run(sight, { params }) {
      await getGroup(sight, params.group)
    },
  })
