import * as contract from '@cardea/contract/directory/groups'
import { deleteGroup } from '#core/directory/groups.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () => directoryRoute(contract.deleteGroup, (scope, { params }) => deleteGroup(scope, keyIn(params.id)))
