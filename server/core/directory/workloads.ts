import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { keepingAdministrators } from '#core/access/administrators.ts'
import { forgetScope } from '#core/access/forget-scope.ts'
import { principalById } from '#core/identity/directory.ts'
import type { Entry } from '#core/identity/entry.ts'
import { directoryKey } from '#core/identity/principal.ts'
import { forgetLocks, refuseLocked } from '#core/locks/locks.ts'
import type { Scope, Sight } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { depart } from './departure.ts'
import { refuseMoved } from './location.ts'
import { type Hands, newIdentity, noSuchResource } from './resource.ts'
import { deleteWorkloadRow, keepWorkload, type WorkloadRow, workloadRow, workloadRowsBelow } from './workload-rows.ts'

/**
 * Programs that run under somebody's care. A workload may have an identity of its own (Azure's system-assigned one): a service
 * principal without credentials, that comes when it is asked for and goes with the workload, and all it was allowed with it.
 */
export type Workload = Omit<WorkloadRow, 'identity'> & { readonly identity: Entry | undefined }

type Reading = { readonly sql: Sql; readonly keyring: Keyring }
type Tags = Readonly<Record<string, string>>

/** Programs of a workload become whoever its row names, so that is proven: else a row typed by hand would be a way into any identity. */
const wordsOf = (resourceId: string, principal: string): string =>
  JSON.stringify(['identity-of-workload', resourceId.toLowerCase(), principal])

async function whole({ sql, keyring }: Reading, { identity, ...row }: WorkloadRow): Promise<Workload> {
  if (identity === undefined) return { ...row, identity: undefined }
  const { principal, proof } = identity
  const ours = await keyring.isFingerprint(sql, directoryKey, wordsOf(row.resourceId, principal), proof)
  return { ...row, identity: ours ? await principalById(sql, keyring, principal) : undefined }
}

/** The workload that a resource id names, in whatever case. */
export async function workloadAt(reading: Reading, resourceId: string): Promise<Workload | undefined> {
  const row = await workloadRow(reading.sql, resourceId)
  return row && whole(reading, row)
}

async function theWorkload(reading: Reading, resourceId: string): Promise<Workload> {
  const found = await workloadAt(reading, resourceId)
  if (found === undefined) throw noSuchResource(resourceId)
  return found
}

/** The workload that a resource id names. Throws when there is none. */
export const getWorkload = (sight: Sight<'workloads/read'>, resourceId: string): Promise<Workload> =>
  theWorkload(sight, resourceId)

/** The workloads below a resource group or a subscription that the reader may see. */
export async function listWorkloads(sight: Sight<'workloads/read'>, scope: string): Promise<Workload[]> {
  const found: Workload[] = []
  for (const row of await workloadRowsBelow(sight.sql, scope)) {
    if (sight.permit.allows('workloads/read', row.resourceId)) found.push(await whole(sight, row))
  }
  return found
}

/** All workloads as they are kept, for whoever keeps the list of all resources. */
export const everyWorkload = (sql: Sql): Promise<WorkloadRow[]> => workloadRowsBelow(sql, '')

/** The identity that a resource has of its own. Throws `not-found` for one that has none. */
export async function systemIdentityOf(
  sight: Sight<'system-identities/read'>,
  resourceId: string,
): Promise<{ readonly workload: Workload; readonly identity: Entry }> {
  const workload = await workloadAt(sight, resourceId)
  if (workload?.identity !== undefined) return { workload, identity: workload.identity }
  throw new Fault('not-found', `The resource '${resourceId.slice(0, 512)}' has no identity of its own.`, {
    arm: 'MissingIdentity',
  })
}

/** What somebody wants to be different about a workload. What is undefined stays as it is. */
type WorkloadChange = {
  readonly tags: Tags | undefined
  /** Whether it has an identity. */
  readonly identified: boolean | undefined
}
type WorkloadDraft = WorkloadChange & { readonly location: string; readonly tags: Tags }

/** Makes a workload, or changes the one that is there; its place can't change. Answers with whether it is new. */
export async function putWorkload(
  scope: Scope<'workloads/write'>,
  resourceId: string,
  { location, tags, identified }: WorkloadDraft,
): Promise<{ readonly workload: Workload; readonly created: boolean }> {
  await refuseLocked(scope.sql, resourceId, 'write')
  const before = await workloadAt(scope, resourceId)
  if (before !== undefined) refuseMoved(before, location)
  const { at } = scope
  const fresh = { resourceId, location, tags, identity: undefined, created: at, updated: at }
  const workload = await keepChange(scope, before ?? fresh, { tags, identified })
  return { workload, created: before === undefined }
}

/** Changes what is named of a workload. */
export async function patchWorkload(
  scope: Scope<'workloads/write'>,
  resourceId: string,
  change: WorkloadChange,
): Promise<Workload> {
  const before = await theWorkload(scope, resourceId)
  await refuseLocked(scope.sql, before.resourceId, 'write')
  return keepChange(scope, before, change)
}

/** Keeps what was changed of a workload, whose identity comes and goes with it. */
async function keepChange(
  { sql, turn, keyring, at }: Scope<'workloads/write'>,
  before: Workload,
  { tags = before.tags, identified = before.identity !== undefined }: WorkloadChange,
): Promise<Workload> {
  const after = { ...before, tags, updated: at }
  const kept = async (identity: Entry | undefined): Promise<Workload> => {
    await keepWorkload(sql, { ...after, identity: identity && (await signed({ sql, keyring }, before, identity)) })
    return { ...after, identity }
  }
  const { identity } = before
  if (identity !== undefined && !identified) {
    // It is a deletion, by whatever verb: nothing brings the identity back.
    await refuseLocked(sql, before.resourceId, 'delete')
    return keepingAdministrators({ turn, keyring }, identity.objectId, async () => {
      const without = await kept(undefined)
      await depart(turn, identity.objectId)
      return without
    })
  }
  return kept(identity ?? (identified ? await newIdentity({ turn, keyring }, before.resourceId) : undefined))
}

/** The identity of a workload as it is kept, with the proof that we gave it. */
const signed = async ({ sql, keyring }: Reading, { resourceId }: Workload, { objectId: principal }: Entry) => ({
  principal,
  proof: await keyring.fingerprint(sql, directoryKey, wordsOf(resourceId, principal)),
})

/** Takes a workload away with its identity and what that was allowed. False when there was none. */
export async function deleteWorkload(
  { sql, turn, keyring }: Scope<'workloads/delete'>,
  resourceId: string,
): Promise<boolean> {
  const found = await workloadRow(sql, resourceId)
  if (found === undefined) return false
  await refuseLocked(sql, found.resourceId, 'delete')
  await removeWorkload({ turn, keyring }, found)
  return true
}

/** Takes a workload away, for whoever has seen that it may go. */
export async function removeWorkload({ turn, keyring }: Hands, row: WorkloadRow): Promise<void> {
  const { resourceId, identity } = await whole({ sql: turn.sql, keyring }, row)
  await deleteWorkloadRow(turn.sql, resourceId)
  const gone = identity?.objectId
  if (gone !== undefined) await keepingAdministrators({ turn, keyring }, gone, () => depart(turn, gone))
  await forgetLocks(turn, resourceId)
  await forgetScope(turn, resourceId)
}
