import * as contract from '@cardea/contract/management/identities'
import { getIdentityCredential } from '#core/directory/federated.ts'
import { managementRoute } from '../management-route.ts'
import { credentialOf, credentialResourceOf, identityOf } from './wire.ts'

export default () =>
  managementRoute(contract.getIdentityCredential, {
    resource: credentialOf,
    async run(sight, { params, subject }) {
      const identity = identityOf(params, subject)
      return credentialResourceOf(identity, await getIdentityCredential(sight, identity, params.credential))
    },
  })
