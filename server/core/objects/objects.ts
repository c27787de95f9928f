import { randomUUID } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { scheduleAt, subjectWithin, unschedule, unscheduleUnder } from '#core/schedule/schedule.ts'
import { purgeDate } from '#core/vaults/managed.ts'
import type { Vault } from '#core/vaults/vault.ts'
import {
  type Deletion,
  isDeleted,
  isUnsettled,
  nameKey,
  noSuchDeletedObject,
  noSuchObject,
  type ObjectKind,
  type ObjectVersion,
  refuseManaged,
} from './object.ts'
import type { Head, Kept, ObjectTables } from './object-tables.ts'

/**
 * The life of a name in a vault, which is the same for every kind of object: it is used, deleted with all its versions,
 * recovered or purged. What follows from each step, as events, stands with the kind.
 */
export type Life<V extends ObjectVersion> = {
  readonly kind: ObjectKind
  readonly tables: ObjectTables<V>
  /** The kind under which a deleted name waits for its purge in the due-index. */
  readonly purging: string
  /** The kind under which a change waits to be seen, where the service's delays are reproduced. */
  readonly settling: string
  /** The kind under which a name waits for the end of its latest version, and for the notice of it. */
  readonly ending: string
}
type Hands = { readonly sql: Sql; readonly turn: Turn; readonly at: Instant }

const collections = { secret: 'secrets', key: 'keys', certificate: 'certificates' } as const satisfies Record<
  ObjectKind,
  string
>

/** The resource id of an object: what permissions and the journal call it. */
export const objectResource = (kind: ObjectKind, vault: Pick<Vault, 'resourceId'>, name: string): string =>
  `${vault.resourceId}/${collections[kind]}/${name}`

/** The subject of a name in the due-index. */
export const subjectOf = (vault: Pick<Vault, 'name'>, name: string): string => subjectWithin(vault.name, nameKey(name))

export const newVersionId = (): string => randomUUID().replaceAll('-', '')

/** How a name stands that is to get a version by an operation of this name; undefined if this is its first. */
export async function headForVersion<V extends ObjectVersion>(
  { kind, tables }: Life<V>,
  sql: Sql,
  vault: Vault,
  name: string,
  operation: string,
): Promise<Head | undefined> {
  const head = await tables.headOf(sql, vault.name, name)
  if (head !== undefined) refuseManaged(kind, head, operation)
  if (head?.settling !== undefined) throw isUnsettled(kind, head.name, head.settling, 'name')
  if (head?.deletion !== undefined) throw isDeleted(kind, head.name)
  return head
}

/** Why a change finds no live object: it may yet come back from its deletion. */
export async function missing<V extends ObjectVersion>(
  { kind, tables }: Life<V>,
  sql: Sql,
  vault: Vault,
  name: string,
  version?: string,
): Promise<Fault> {
  const head = await tables.headOf(sql, vault.name, name)
  return head?.settling === 'recovering'
    ? isUnsettled(kind, head.name, head.settling)
    : noSuchObject(kind, name, version)
}

/** Has what is under way with a name seen after a while. */
const seenAfter = <V extends ObjectVersion>(
  { settling }: Life<V>,
  { turn, at }: Hands,
  vault: Vault,
  name: string,
  delayMs: number,
) => scheduleAt(turn, settling, subjectOf(vault, name), at + delayMs)

/**
 * Deletes a name with all its versions; until its purge it can be recovered. A delay is for tests of clients: until it is
 * over the deleted object isn't to be seen.
 */
export async function deleteObject<V extends ObjectVersion>(
  life: Life<V>,
  hands: Hands,
  vault: Vault,
  name: string,
  delayMs: number,
): Promise<Kept<V & Deletion>> {
  const { sql, turn, at } = hands
  const kept = await life.tables.keptVersion(sql, vault.name, name, undefined)
  if (kept === undefined) throw await missing(life, sql, vault, name)
  const deletion = { deleted: at, purge: purgeDate(vault, at) }
  await life.tables.markDeleted(sql, vault.name, name, deletion, delayMs > 0 ? 'deleting' : undefined)
  if (delayMs > 0) await seenAfter(life, hands, vault, name, delayMs)
  // What belongs to a certificate is purged with that.
  if (!kept.object.managed) await scheduleAt(turn, life.purging, subjectOf(vault, name), deletion.purge)
  return { ...kept, object: { ...kept.object, ...deletion } }
}

/** The latest version of a deleted name, where that is to be seen. */
export async function deletedObject<V extends ObjectVersion>(
  { kind, tables }: Life<V>,
  sql: Sql,
  vault: Vault,
  name: string,
): Promise<Kept<V & Deletion>> {
  const found = await tables.deletedVersion(sql, vault.name, name)
  if (found === undefined || found.settling !== undefined) throw noSuchDeletedObject(kind, name)
  return found
}

/** Makes a deleted name live again, with all its versions; `isBack` is false when that is to be seen only after a delay. */
export async function recoverObject<V extends ObjectVersion>(
  life: Life<V>,
  hands: Hands,
  vault: Vault,
  name: string,
  delayMs: number,
): Promise<Kept<V> & { readonly isBack: boolean }> {
  const { sql, turn } = hands
  const found = await life.tables.deletedVersion(sql, vault.name, name)
  // Key Vault says this one in the words for a live object (recorded of recovering what isn't deleted).
  if (found === undefined) throw noSuchObject(life.kind, name)
  if (found.settling !== undefined) throw isUnsettled(life.kind, found.object.name, found.settling)
  await unschedule(turn, life.purging, subjectOf(vault, name))
  const isBack = delayMs === 0
  if (isBack) await life.tables.markDeleted(sql, vault.name, name, undefined)
  else {
    await life.tables.markDeleted(sql, vault.name, name, found.object, 'recovering')
    await seenAfter(life, hands, vault, name, delayMs)
  }
  return { object: withoutDeletion(found.object), sealed: found.sealed, isBack }
}

/** Takes a deleted name away for good. With purge protection only time can. */
export async function purgeObject<V extends ObjectVersion>(
  life: Life<V>,
  hands: Hands,
  vault: Vault,
  name: string,
  delayMs: number,
): Promise<V> {
  const { sql, turn, at } = hands
  const found = await life.tables.deletedVersion(sql, vault.name, name)
  if (found === undefined) throw noSuchDeletedObject(life.kind, name)
  const { object } = found
  if (found.settling !== undefined) throw isUnsettled(life.kind, object.name, found.settling)
  if (vault.purgeProtection && at < object.purge) {
    throw new Fault('protected', 'Purge protection is enabled for this vault.', {
      vault: vault.name,
      location: vault.location,
    })
  }
  await life.tables.removeVersions(sql, vault.name, name)
  await unschedule(turn, life.purging, subjectOf(vault, name))
  // What it held is gone at once; what takes its time is that the name is free.
  if (delayMs > 0) {
    await life.tables.markDeleted(sql, vault.name, name, object, 'purging')
    await seenAfter(life, hands, vault, name, delayMs)
  } else await life.tables.removeName(sql, vault.name, name)
  return object
}

/**
 * The delay of a change is over: now it is to be seen. The change itself was allowed and written down when it was asked for.
 * Gives the object that is back from its deletion, if one is.
 */
export async function settleObject<V extends ObjectVersion>(
  { tables }: Life<V>,
  sql: Sql,
  vault: Vault,
  name: string,
): Promise<V | undefined> {
  const head = await tables.headOf(sql, vault.name, name)
  if (head?.settling === 'deleting') await tables.markDeleted(sql, vault.name, name, head.deletion)
  else if (head?.settling === 'purging') await tables.removeName(sql, vault.name, name)
  else if (head?.settling === 'recovering') {
    const found = await tables.deletedVersion(sql, vault.name, name)
    await tables.markDeleted(sql, vault.name, name, undefined)
    return found && withoutDeletion(found.object)
  }
  return undefined
}

const withoutDeletion = <V extends ObjectVersion>({ deleted, purge, ...object }: V & Deletion): V =>
  object as unknown as V

/** Nothing in a vault is purged while the vault itself is deleted. */
export const pausePurges = <V extends ObjectVersion>(
  { purging }: Life<V>,
  turn: Turn,
  { name }: Vault,
): Promise<void> => unscheduleUnder(turn, purging, `${name}/`)

/** Puts the deleted names of a vault back into the due-index; those whose time has passed meanwhile go at once. */
export async function resumePurges<V extends ObjectVersion>(
  { tables, purging }: Life<V>,
  turn: Turn,
  { name }: Vault,
): Promise<void> {
  for (const { key, purge } of await tables.purgesIn(turn.sql, name)) {
    await scheduleAt(turn, purging, `${name}/${key}`, purge)
  }
}

/** Takes every name of a vault away for good, with all versions. */
export async function forgetObjects<V extends ObjectVersion>(life: Life<V>, turn: Turn, vault: Vault): Promise<void> {
  await life.tables.removeAllIn(turn.sql, vault.name)
  await pausePurges(life, turn, vault)
  await unscheduleUnder(turn, life.settling, `${vault.name}/`)
}
