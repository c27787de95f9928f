import * as contract from '@cardea/contract/management/identities'
import { deleteManagedIdentity } from '#core/directory/managed-identities.ts'
import { managementRoute } from '../management-route.ts'
import { deleted } from '../replies.ts'
import { identityOf } from './wire.ts'

export default () =>
  managementRoute(contract.deleteIdentity, {
    resource: identityOf,
    async run(scope, { params, subject }) {
      return deleted(await deleteManagedIdentity(scope, identityOf(params, subject)))
    },
  })
