import * as contract from '@cardea/contract/directory/users'
import { Fault } from '#base/fault.ts'
import { ownEntry } from '#core/directory/objects.ts'
import { directoryRoute } from '../directory-route.ts'
import { selected } from '../listing.ts'
import { userOf } from '../wire.ts'

/** Whoever asks, if it is a person; az asks this of applications too, and expects to be refused in this way. */
export default () =>
  directoryRoute(contract.getMe, async (sight, { caller, query }) => {
    const entry = await ownEntry(sight, caller.objectId)
    if (entry.kind !== 'user') {
      throw new Fault('invalid', '/me request is only valid with delegated authentication flow.', {
        graph: 'BadRequest',
      })
    }
    return selected(userOf(entry), query.$select)
  })
