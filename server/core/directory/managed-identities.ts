import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import { keepingAdministrators } from '#core/access/administrators.ts'
import { forgetScope } from '#core/access/forget-scope.ts'
import { entryById } from '#core/identity/entries.ts'
import type { Entry } from '#core/identity/entry.ts'
import { forgetLocks, refuseLocked } from '#core/locks/locks.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { depart } from './departure.ts'
import {
  deleteIdentity,
  type IdentityResource,
  identityRow,
  identityRowOf,
  identityRowsBelow,
  insertIdentity,
  updateIdentity,
} from './managed-identity-rows.ts'
import { newIdentity, noSuchResource, refuseMoved } from './resource.ts'

/**
 * Managed identities that people make: a resource of Resource Manager, and a service principal without credentials that
 * acts for it. They come and go together.
 */
export type ManagedIdentity = IdentityResource & { readonly entry: Entry }

async function whole(sql: Sql, resource: IdentityResource): Promise<ManagedIdentity> {
  const entry = await entryById(sql, resource.principal)
  if (entry === undefined) throw noSuchResource(resource.resourceId)
  return { ...resource, entry }
}

/** The resource that a managed identity is, if it is one of its own. */
export const resourceOfIdentity = async (sql: Sql, principal: string): Promise<string | undefined> =>
  (await identityRowOf(sql, principal))?.resourceId

/** The managed identity that a resource id names, in whatever case. */
export async function identityAt(sql: Sql, resourceId: string): Promise<ManagedIdentity | undefined> {
  const found = await identityRow(sql, resourceId)
  return found && whole(sql, found)
}

async function theIdentity(sql: Sql, resourceId: string): Promise<ManagedIdentity> {
  const found = await identityAt(sql, resourceId)
  if (found === undefined) throw noSuchResource(resourceId)
  return found
}

export const getIdentity = ({ sql }: Sight<'identities/read'>, resourceId: string): Promise<ManagedIdentity> =>
  theIdentity(sql, resourceId)

/** The identities below a resource group or a subscription that the reader may see. */
export async function listIdentities(
  { sql, permit }: Sight<'identities/read'>,
  scope: string,
): Promise<ManagedIdentity[]> {
  const found = (await identityRowsBelow(sql, scope)).filter(({ resourceId }) =>
    permit.allows('identities/read', resourceId),
  )
  return Promise.all(found.map((resource) => whole(sql, resource)))
}

type Draft = { readonly location: string; readonly tags: Readonly<Record<string, string>> }

/** Makes an identity, or changes the tags of one; its place can't change. */
export async function putIdentity(
  { sql, turn }: Scope<'identities/write'>,
  resourceId: string,
  { location, tags }: Draft,
): Promise<{ readonly identity: ManagedIdentity; readonly created: boolean }> {
  await refuseLocked(sql, resourceId, 'write')
  const before = await identityRow(sql, resourceId)
  if (before === undefined) {
    const entry = await newIdentity(turn, resourceId)
    const resource = { principal: entry.objectId, resourceId, location, tags }
    await insertIdentity(sql, resource)
    return { identity: { ...resource, entry }, created: true }
  }
  refuseMoved(before, location)
  await updateIdentity(sql, { ...before, tags })
  return { identity: await whole(sql, { ...before, tags }), created: false }
}

export async function tagIdentity(
  { sql }: Scope<'identities/write'>,
  resourceId: string,
  tags: Readonly<Record<string, string>> | undefined,
): Promise<ManagedIdentity> {
  const before = await theIdentity(sql, resourceId)
  await refuseLocked(sql, resourceId, 'write')
  const after = { ...before, tags: tags ?? before.tags }
  await updateIdentity(sql, after)
  return after
}

/** Takes an identity away with its service principal and what that was allowed. False when there was none. */
export async function deleteManagedIdentity(
  { sql, turn, keyring }: Scope<'identities/delete'>,
  resourceId: string,
): Promise<boolean> {
  const found = await identityRow(sql, resourceId)
  if (found === undefined) return false
  await refuseLocked(sql, resourceId, 'delete')
  await keepingAdministrators({ turn, keyring }, found.principal, () => removeIdentity(turn, found))
  return true
}

/** All identities that people made, for whoever keeps the list of all resources. */
export const everyIdentity = async (sql: Sql): Promise<ManagedIdentity[]> =>
  Promise.all((await identityRowsBelow(sql, '')).map((resource) => whole(sql, resource)))

/** Takes an identity away, for whoever has seen that it may go and that somebody else administers. */
export async function removeIdentity(turn: Turn, { principal, resourceId }: IdentityResource): Promise<void> {
  await deleteIdentity(turn.sql, principal)
  await depart(turn, principal)
  await forgetLocks(turn, resourceId)
  await forgetScope(turn, resourceId)
}
