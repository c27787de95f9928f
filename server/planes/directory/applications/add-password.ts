import * as contract from '@cardea/contract/directory/credentials'
import { addApplicationPassword } from '#core/directory/credentials.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { shownPassword, termFrom } from '../wire.ts'

export default () =>
  directoryRoute(contract.addApplicationPassword, async (scope, { params, body }) =>
    shownPassword(await addApplicationPassword(scope, keyIn(params.id), termFrom(body.passwordCredential))),
  )
