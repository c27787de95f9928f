import * as contract from '@cardea/contract/management/groups'
import { deleteGroup } from '#core/resources/resources.ts'
import { Reply } from '../../plane.ts'
import { theGroup } from '../ids.ts'
import { managementRoute } from '../management-route.ts'

export default () =>
  managementRoute(contract.deleteGroup, {
    resource: theGroup,
    async run(scope, { call, subject }) {
      await deleteGroup(scope, theGroup(call.params, subject))
      return new Reply(200, {})
    },
  })
