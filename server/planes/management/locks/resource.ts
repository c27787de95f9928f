import { scopeIn } from '@cardea/contract/operation'
import { lockId } from '#core/locks/lock.ts'
import type { Call } from '../../plane.ts'

/** The resource id of the lock that a path is about. */
export const lockAsked = (params: Call['params']): string => lockId({ scope: scopeIn(params), name: params.lock ?? '' })
