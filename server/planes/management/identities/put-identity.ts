import * as contract from '@cardea/contract/management/identities'
import { putIdentity } from '#core/directory/managed-identities.ts'
import { groupNamed } from '#core/resources/groups.ts'
import { managementRoute } from '../management-route.ts'
import { put } from '../replies.ts'
import { identityOf, resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.putIdentity, {
    resource: identityOf,
    async run(scope, { params, body: { location, tags = {} }, subject }) {
      await groupNamed(scope.sql, params.group)
      const { identity, created } = await putIdentity(scope, identityOf(params, subject), { location, tags })
      return put(created, resourceOf(identity, subject.tenant))
    },
  })
