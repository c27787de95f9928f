import type { Action } from '@cardea/contract/actions'
import type { Effect, Operation } from '@cardea/contract/operation'
import type { BundleReader } from '#core/certificates/making.ts'
import type { Custodians } from '#core/keys/custody.ts'
import type { Delays } from '#core/objects/object.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { type Route, route } from '../plane.ts'
import type { Toll } from './throttling.ts'

/** What the routes of a vault need to know of the house around them. */
export type VaultRoutes = {
  readonly vaultUrl: (name: string) => string
  /** How long deletions, recoveries and purges take to be seen. */
  readonly delays: Delays
  /** What counts how much a vault lets through; undefined: everything is. */
  readonly toll: Toll | undefined
  /** Who keeps keys, and uses them. */
  readonly custodians: Custodians
  /** Who opens the bundles in which certificates come from elsewhere, and are handed out. */
  readonly bundles: BundleReader
}

/** A route whose subject is a vault. */
export const vaultRoute = <A extends Action, P, Q, B, E extends Effect, R = undefined>(
  operation: Operation<A, P, Q, B, E>,
  handler: Parameters<typeof route<A, P, Q, B, E, Vault, R>>[1],
): Route<Vault> => route<A, P, Q, B, E, Vault, R>(operation, handler)
