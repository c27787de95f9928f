import * as contract from '@cardea/contract/directory/groups'
import { addMember } from '#core/directory/groups.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn, referredTo } from '../key.ts'

export default () =>
  directoryRoute(contract.addMember, (scope, { params, body }) =>
    addMember(scope, keyIn(params.id), referredTo(body['@odata.id'])),
  )
