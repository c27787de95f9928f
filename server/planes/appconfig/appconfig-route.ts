import type { Action } from '@cardea/contract/actions'
import type { Effect, Operation } from '@cardea/contract/operation'
import type { House } from '#core/configuration/configuration.ts'
import type { KnownPages } from '#core/configuration/known-pages.ts'
import type { Store } from '#core/vaults/store.ts'
import { type Route, route } from '../plane.ts'
import type { Vaults } from './references.ts'

/** What the routes of a store need to know of the house around them. */
export type StoreRoutes = House &
  Vaults & {
    /** Under which URL a store is reached. */
    storeUrl(name: string): string
    readonly pages: KnownPages
  }

/** A route whose subject is a store. */
export const storeRoute = <A extends Action, P, Q, B, E extends Effect>(
  operation: Operation<A, P, Q, B, E>,
  handler: Parameters<typeof route<A, P, Q, B, E, Store>>[1],
): Route<Store> => route<A, P, Q, B, E, Store>(operation, handler)
