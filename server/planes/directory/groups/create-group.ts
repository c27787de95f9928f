import * as contract from '@cardea/contract/directory/groups'
import { createGroup } from '#core/directory/groups.ts'
import { directoryRoute } from '../directory-route.ts'
import { groupOf } from '../wire.ts'
import { toldOf } from './security-groups.ts'

export default () =>
  directoryRoute(contract.createGroup, async (scope, { body }) =>
    groupOf(await createGroup(scope, { ...toldOf(body), name: body.displayName })),
  )
