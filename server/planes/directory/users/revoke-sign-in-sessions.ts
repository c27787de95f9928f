import * as contract from '@cardea/contract/directory/users'
import { signOutEverywhere } from '#core/directory/users.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () =>
  directoryRoute(contract.revokeSignInSessions, async (scope, { params }) => {
    await signOutEverywhere(scope, keyIn(params.id))
    return { value: true }
  })
