import * as contract from '@cardea/contract/directory/users'
import { getUser } from '#core/directory/users.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { selected } from '../listing.ts'
import { userOf } from '../wire.ts'

export default () =>
  directoryRoute(contract.getUser, async (sight, { params, query }) =>
    selected(userOf(await getUser(sight, keyIn(params.id))), query.$select),
  )
