import * as contract from '@cardea/contract/directory/groups'
import { removeMember } from '#core/directory/groups.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () =>
  directoryRoute(contract.removeMember, (scope, { params }) =>
    removeMember(scope, keyIn(params.id), params.member.toLowerCase()),
  )
