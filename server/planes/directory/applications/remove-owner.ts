import * as contract from '@cardea/contract/directory/applications'
import { removeApplicationOwner } from '#core/directory/applications.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () =>
  directoryRoute(contract.removeOwner, (scope, { params }) =>
    removeApplicationOwner(scope, keyIn(params.id), params.owner.toLowerCase()),
  )
