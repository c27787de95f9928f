import * as contract from '@cardea/contract/directory/applications'
import { createApplication } from '#core/directory/applications.ts'
import { directoryRoute } from '../directory-route.ts'
import { applicationOf, certificateFrom } from '../wire.ts'

export default () =>
  directoryRoute(contract.createApplication, async (scope, { body }) => {
    const { displayName: name, identifierUris, keyCredentials, ...details } = body
    const certificates = keyCredentials?.map(certificateFrom)
    return applicationOf(await createApplication(scope, { name, identifierUris, certificates, details }))
  })
