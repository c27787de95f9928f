import * as contract from '@cardea/contract/directory/groups'
import { updateGroup } from '#core/directory/groups.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { toldOf } from './security-groups.ts'

export default () =>
  directoryRoute(contract.updateGroup, (scope, { params, body }) => updateGroup(scope, keyIn(params.id), toldOf(body)))
