import type { Action } from '@cardea/contract/actions'
import type { Operation } from '@cardea/contract/operation'
import type { Dialect } from '@cardea/contract/vault/versions'
import { nameKey } from '#core/objects/object.ts'
import type { Slice } from '#core/objects/object-tables.ts'
import type { Sight } from '#core/perform.ts'
import type { Vault } from '#core/vaults/vault.ts'
import type { Route } from '../plane.ts'
import { dialectIn } from './objects.ts'
import { type Asked, pageOf, sliceOf } from './paging.ts'
import { theVault } from './resource.ts'
import { type VaultRoutes, vaultRoute } from './vault-route.ts'

/** Lists as Key Vault has them of every kind of object (*Get Secrets*, *Get Keys*, *Get Certificates*): a page at a time, each object in a line. */
type LineOf<T, Item> = (origin: string, vault: Vault, dialect: Dialect, object: T) => Item
type Names = Slice & { readonly includesPending: boolean }

/** The list of a vault's names, in their order: live ones or deleted ones. */
export const namesRoute = <A extends Action, P, Q extends Asked, B, T extends { readonly name: string }, Item>(
  { vaultUrl }: VaultRoutes,
  operation: Operation<A, P, Q, B, 'read'>,
  list: (sight: Sight<A>, vault: Vault, slice: Names) => Promise<readonly T[]>,
  lineOf: LineOf<T, Item>,
): Route<Vault> =>
  vaultRoute(operation, {
    resource: theVault,
    async run(sight, { query, subject: vault, call }) {
      const [origin, dialect] = [vaultUrl(vault.name), dialectIn(call)]
      const found = await list(sight, vault, { ...sliceOf(query), includesPending: query.includepending ?? false })
      const line = (object: T) => lineOf(origin, vault, dialect, object)
      return pageOf(call, origin, query, found, ({ name }) => nameKey(name), line)
    },
  })

type Named = { readonly name: string }

/** The list of a name's versions, in the order of their ids; `resource` is the object's own. */
export const versionsRoute = <
  A extends Action,
  P extends Named,
  Q extends Asked,
  B,
  T extends { readonly version: string },
  Item,
>(
  { vaultUrl }: VaultRoutes,
  operation: Operation<A, P, Q, B, 'read'>,
  resource: (params: Readonly<Record<string, string | undefined>>, vault: Vault) => string,
  list: (sight: Sight<A>, vault: Vault, name: string, slice: Slice) => Promise<readonly T[]>,
  lineOf: LineOf<T, Item>,
): Route<Vault> =>
  vaultRoute(operation, {
    resource,
    async run(sight, { params, query, subject: vault, call }) {
      const [origin, dialect] = [vaultUrl(vault.name), dialectIn(call)]
      const found = await list(sight, vault, params.name, sliceOf(query))
      const line = (object: T) => lineOf(origin, vault, dialect, object)
      return pageOf(call, origin, query, found, ({ version }) => version, line)
    },
  })
