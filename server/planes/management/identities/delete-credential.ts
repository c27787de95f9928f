import * as contract from '@cardea/contract/management/identities'
import { deleteIdentityCredential } from '#core/directory/federated.ts'
import { managementRoute } from '../management-route.ts'
import { deleted } from '../replies.ts'
import { credentialOf, identityOf } from './wire.ts'

export default () =>
  managementRoute(contract.deleteIdentityCredential, {
    resource: credentialOf,
    async run(scope, { params, subject }) {
      const identity = identityOf(params, subject)
      return deleted(await deleteIdentityCredential(scope, identity, params.credential))
    },
  })
