import type { Route } from '../plane.ts'
import type { Tenancy } from '../tenancy.ts'
import listOrganizations from './list-organizations.ts'

/** Microsoft Graph, as far as we answer it: reading this list is reading what we serve. */
export const directoryPlane = (): readonly Route<Tenancy>[] => [listOrganizations()]
