import * as contract from '@cardea/contract/management/identities'
import { getIdentity } from '#core/directory/managed-identities.ts'
import { managementRoute } from '../management-route.ts'
import { identityOf, resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.getIdentity, {
    resource: identityOf,
    async run(sight, { params, subject }) {
      return resourceOf(await getIdentity(sight, identityOf(params, subject)), subject.tenant)
    },
  })
