import * as contract from '@cardea/contract/management/identities'
import { listIdentities } from '#core/directory/managed-identities.ts'
import { groupNamed } from '#core/resources/groups.ts'
import { theGroup } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.listGroupIdentities, {
    resource: theGroup,
    async run(sight, { params, subject }) {
      await groupNamed(sight.sql, params.group)
      const found = await listIdentities(sight, theGroup(params, subject))
      return listed(found.map((identity) => resourceOf(identity, subject.tenant)))
    },
  })
