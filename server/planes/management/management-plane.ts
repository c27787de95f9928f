import type { Route } from '../plane.ts'
import type { Tenancy } from '../tenancy.ts'
import { authorizationRoutes } from './authorization/authorization-routes.ts'
import listSubscriptions from './subscriptions/list-subscriptions.ts'

/** Azure Resource Manager, as far as we answer it: reading this list is reading what we serve. */
export const managementPlane = (): readonly Route<Tenancy>[] => [listSubscriptions(), ...authorizationRoutes()]
