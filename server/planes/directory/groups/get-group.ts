import * as contract from '@cardea/contract/directory/groups'
import { getGroup } from '#core/directory/groups.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { selected } from '../listing.ts'
import { groupOf } from '../wire.ts'

export default () =>
  directoryRoute(contract.getGroup, async (sight, { params, query }) =>
    selected(groupOf(await getGroup(sight, keyIn(params.id))), query.$select),
  )
