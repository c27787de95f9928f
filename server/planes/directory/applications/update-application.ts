import * as contract from '@cardea/contract/directory/applications'
import { updateApplication } from '#core/directory/applications.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { certificateFrom } from '../wire.ts'

export default () =>
  directoryRoute(contract.updateApplication, (scope, { params, body }) => {
    const { displayName: name, identifierUris, keyCredentials, ...details } = body
    const certificates = keyCredentials?.map(certificateFrom)
    return updateApplication(scope, keyIn(params.id), { name, identifierUris, certificates, details })
  })
