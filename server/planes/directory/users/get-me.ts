import * as contract from '@cardea/contract/directory/users'
import { directoryRoute } from '../directory-route.ts'
import { selected } from '../listing.ts'
import { userOf } from '../wire.ts'
import { ownPerson } from './own-person.ts'

export default () =>
  directoryRoute(contract.getMe, async (sight, { caller, query }) =>
    selected(userOf(await ownPerson(sight, caller.objectId)), query.$select),
  )
