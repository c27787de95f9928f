import * as contract from '@cardea/contract/management/identities'
import { listIdentityCredentials } from '#core/directory/federated.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { credentialResourceOf, identityOf } from './wire.ts'

export default () =>
  managementRoute(contract.listIdentityCredentials, {
    resource: identityOf,
    async run(sight, { params, subject }) {
      const identity = identityOf(params, subject)
      const found = await listIdentityCredentials(sight, identity)
      return listed(found.map((credential) => credentialResourceOf(identity, credential)))
    },
  })
