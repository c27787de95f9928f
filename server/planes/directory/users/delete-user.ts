import * as contract from '@cardea/contract/directory/users'
import { deleteUser } from '#core/directory/users.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () => directoryRoute(contract.deleteUser, (scope, { params }) => deleteUser(scope, keyIn(params.id)))
