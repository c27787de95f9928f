import * as contract from '@cardea/contract/directory/directory-objects'
import { noSuchObject } from '#core/directory/look-up.ts'
import { findObject } from '#core/directory/objects.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { selected } from '../listing.ts'
import { directoryObjectOf } from '../wire.ts'

export default () =>
  directoryRoute(contract.getDirectoryObject, async (sight, { params, query }) => {
    const key = keyIn(params.id)
    const found = key.by === 'id' ? await findObject(sight, key.value) : undefined
    if (found === undefined) throw noSuchObject(key)
    return selected(directoryObjectOf(found), query.$select)
  })
