import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import { keepingAdministrators } from '#core/access/administrators.ts'
import { forgetScope } from '#core/access/forget-scope.ts'
import { directoryKey, principalById } from '#core/identity/directory.ts'
import { enteredAt } from '#core/identity/entries.ts'
import type { Entry } from '#core/identity/entry.ts'
import { forgetLocks, refuseLocked } from '#core/locks/locks.ts'
import type { Scope, Sight } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { depart } from './departure.ts'
import { refuseMoved } from './location.ts'
import {
  deleteIdentity,
  type IdentityResource,
  identityRow,
  identityRowOf,
  identityRowsBelow,
  insertIdentity,
  type KeptIdentity,
  updateIdentity,
} from './managed-identity-rows.ts'
import { type Hands, newIdentity, noSuchResource } from './resource.ts'

/**
 * Managed identities that people make: a resource of Resource Manager, and a service principal without credentials that
 * acts for it. They come and go together.
 */
export type ManagedIdentity = IdentityResource & { readonly entry: Entry }

type Reading = { readonly sql: Sql; readonly keyring: Keyring }

/** Who manages the resource may let others act as its principal, so that is proven: else a row typed by hand would do. */
const wordsOf = ({ resourceId, principal }: IdentityResource): string =>
  JSON.stringify(['managed-identity', resourceId.toLowerCase(), principal])

/** The proof that we gave a resource its principal. */
export const proofOfIdentity = ({ sql, keyring }: Reading, resource: IdentityResource): Promise<Buffer> =>
  keyring.fingerprint(sql, directoryKey, wordsOf(resource))

async function proven({ sql, keyring }: Reading, kept: KeptIdentity | undefined): Promise<ManagedIdentity | undefined> {
  if (kept?.proof === undefined) return undefined
  const { resource, proof } = kept
  if (!(await keyring.isFingerprint(sql, directoryKey, wordsOf(resource), proof))) return undefined
  const entry = await principalById(sql, keyring, resource.principal)
  return entry && { ...resource, entry }
}

async function provenBelow(reading: Reading, scope: string): Promise<ManagedIdentity[]> {
  const found = await Promise.all((await identityRowsBelow(reading.sql, scope)).map((kept) => proven(reading, kept)))
  return found.filter((one) => one !== undefined)
}

/** The resource that a managed identity is, if it is one of its own. */
export const resourceOfIdentity = async (reading: Reading, principal: string): Promise<string | undefined> =>
  (await proven(reading, await identityRowOf(reading.sql, principal)))?.resourceId

/** The managed identity that a resource id names, in whatever case. */
export async function identityAt(reading: Reading, resourceId: string): Promise<ManagedIdentity | undefined> {
  const found = await proven(reading, await identityRow(reading.sql, resourceId))
  return found?.resourceId.toLowerCase() === resourceId.toLowerCase() ? found : undefined
}

async function theIdentity(reading: Reading, resourceId: string): Promise<ManagedIdentity> {
  const found = await identityAt(reading, resourceId)
  if (found === undefined) throw noSuchResource(resourceId)
  return found
}

/** The managed identity that a resource id names. Throws when there is none. */
export const getIdentity = (sight: Sight<'identities/read'>, resourceId: string): Promise<ManagedIdentity> =>
  theIdentity(sight, resourceId)

/** The identities below a resource group or a subscription that the reader may see. */
export async function listIdentities(sight: Sight<'identities/read'>, scope: string): Promise<ManagedIdentity[]> {
  const found = await provenBelow(sight, scope)
  return found.filter(({ resourceId }) => sight.permit.allows('identities/read', resourceId))
}

type Draft = { readonly location: string; readonly tags: Readonly<Record<string, string>> }

/** Makes an identity, or changes the tags of one; its place can't change. */
export async function putIdentity(
  { sql, turn, keyring }: Scope<'identities/write'>,
  resourceId: string,
  { location, tags }: Draft,
): Promise<{ readonly identity: ManagedIdentity; readonly created: boolean }> {
  await refuseLocked(sql, resourceId, 'write')
  const before = await identityAt({ sql, keyring }, resourceId)
  if (before === undefined) {
    // A row that isn't ours stands in nobody's way.
    const other = await identityRow(sql, resourceId)
    if (other !== undefined) await deleteIdentity(sql, other.resource.principal)
    const entry = await newIdentity({ turn, keyring }, resourceId)
    const resource = { principal: entry.objectId, resourceId, location, tags }
    await insertIdentity(sql, { resource, proof: await proofOfIdentity({ sql, keyring }, resource) })
    return { identity: { ...resource, entry }, created: true }
  }
  refuseMoved(before, location)
  const identity = { ...before, tags }
  await updateIdentity(sql, identity)
  return { identity, created: false }
}

/** Gives a managed identity other tags, if some are named. */
export async function tagIdentity(
  scope: Scope<'identities/write'>,
  resourceId: string,
  tags: Readonly<Record<string, string>> | undefined,
): Promise<ManagedIdentity> {
  const before = await theIdentity(scope, resourceId)
  await refuseLocked(scope.sql, resourceId, 'write')
  const after = { ...before, tags: tags ?? before.tags }
  await updateIdentity(scope.sql, after)
  return after
}

/** Takes an identity away with its service principal and what that was allowed. False when there was none. */
export async function deleteManagedIdentity(scope: Scope<'identities/delete'>, resourceId: string): Promise<boolean> {
  const found = await identityAt(scope, resourceId)
  if (found === undefined) return false
  await refuseLocked(scope.sql, resourceId, 'delete')
  await removeIdentity(scope, found)
  return true
}

/** Gives every identity that is kept a proof: for those from before there were any. */
export async function proveIdentities({ sql }: Turn, keyring: Keyring): Promise<void> {
  for (const { resource } of await identityRowsBelow(sql, '')) {
    await deleteIdentity(sql, resource.principal)
    await insertIdentity(sql, { resource, proof: await proofOfIdentity({ sql, keyring }, resource) })
  }
}

type Seen = Omit<IdentityResource, 'principal'> & { readonly created: Instant; readonly updated: Instant }

/** All identities that people made, without whom they are, for whoever keeps the list of all resources. */
export const everyIdentity = async (sql: Sql): Promise<Seen[]> =>
  Promise.all(
    (await identityRowsBelow(sql, '')).map(async ({ resource: { principal, ...resource } }) => {
      const created = (await enteredAt(sql, principal)) ?? 0
      return { ...resource, created, updated: created }
    }),
  )

/** Takes an identity away, for whoever has seen that it may go. */
export async function removeIdentity(
  { turn, keyring }: Hands,
  { resourceId }: Pick<IdentityResource, 'resourceId'>,
): Promise<void> {
  const found = await identityAt({ sql: turn.sql, keyring }, resourceId)
  if (found !== undefined) {
    await keepingAdministrators({ turn, keyring }, found.principal, async () => {
      await deleteIdentity(turn.sql, found.principal)
      await depart(turn, found.principal)
    })
  }
  await forgetLocks(turn, resourceId)
  await forgetScope(turn, resourceId)
}
