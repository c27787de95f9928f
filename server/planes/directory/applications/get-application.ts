import * as contract from '@cardea/contract/directory/applications'
import { getApplication } from '#core/directory/applications.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { selected } from '../listing.ts'
import { applicationOf } from '../wire.ts'

export default () =>
  directoryRoute(contract.getApplication, async (sight, { params, query }) =>
    selected(applicationOf(await getApplication(sight, keyIn(params.id))), query.$select),
  )
