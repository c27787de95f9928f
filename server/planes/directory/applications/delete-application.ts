import * as contract from '@cardea/contract/directory/applications'
import { deleteApplication } from '#core/directory/applications.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () =>
  directoryRoute(contract.deleteApplication, (scope, { params }) => deleteApplication(scope, keyIn(params.id)))
