import * as contract from '@cardea/contract/management/identities'
import { tagIdentity } from '#core/directory/managed-identities.ts'
import { managementRoute } from '../management-route.ts'
import { identityOf, resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.patchIdentity, {
    resource: identityOf,
    async run(scope, { params, body, subject }) {
      return resourceOf(await tagIdentity(scope, identityOf(params, subject), body.tags), subject.tenant)
    },
  })
