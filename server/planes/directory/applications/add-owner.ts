import * as contract from '@cardea/contract/directory/applications'
import { addApplicationOwner } from '#core/directory/applications.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn, referredTo } from '../key.ts'

export default () =>
  directoryRoute(contract.addOwner, (scope, { params, body }) =>
    addApplicationOwner(scope, keyIn(params.id), referredTo(body['@odata.id'])),
  )
