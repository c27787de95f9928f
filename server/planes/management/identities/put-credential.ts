import * as contract from '@cardea/contract/management/identities'
import { putIdentityCredential } from '#core/directory/federated.ts'
import { managementRoute } from '../management-route.ts'
import { put } from '../replies.ts'
import { credentialOf, credentialResourceOf, identityOf } from './wire.ts'

export default () =>
  managementRoute(contract.putIdentityCredential, {
    resource: credentialOf,
    async run(scope, { params, body: { properties }, subject }) {
      const identity = identityOf(params, subject)
      const draft = { ...properties, name: params.credential, description: '' }
      const { credential, created } = await putIdentityCredential(scope, identity, draft)
      return put(created, credentialResourceOf(identity, credential))
    },
  })
