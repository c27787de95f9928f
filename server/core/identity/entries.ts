import { randomUUID } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { dropOwnershipsBy, partPrincipal } from './applications.ts'
import { dropCredentialsOf, proofOf, proven } from './directory.ts'
import type { Entry } from './entry.ts'
import { deleteEntry, entryRow, entryRowByName, entrySlice, insertEntry, updateEntry } from './entry-rows.ts'
import { dropFederatedOf } from './federated-credentials.ts'
import { dissolve } from './membership.ts'
import { provenAfter } from './proven.ts'

/** Principals with all that the directory was told of them. */

/** A person by the name with which they sign in. */
export async function personByName(sql: Sql, keyring: Keyring, name: string): Promise<Entry | undefined> {
  const found = await proven(sql, keyring, await entryRowByName(sql, name))
  return found?.userPrincipalName?.toLowerCase() === name.toLowerCase() ? found : undefined
}

type Kinds = Parameters<typeof entrySlice>[1]
/** Principals of a kind or two, in the order of their ids; fewer than asked for only where there are no more. */
export function entriesAfter(sql: Sql, keyring: Keyring, kinds: Kinds, after: string, limit: number): Promise<Entry[]> {
  return provenAfter(
    (from) => entrySlice(sql, kinds, from, limit),
    { after, limit },
    ({ entry }) => entry.objectId,
    (row) => proven(sql, keyring, row),
  )
}

/** Gives every principal that is kept a proof: for those from before there were any. */
export async function proveEntries({ sql }: Turn, keyring: Keyring): Promise<void> {
  for (const kinds of [
    ['application', 'managed-identity'],
    ['user', 'group'],
  ] as const) {
    for (const { entry } of await entrySlice(sql, kinds, '', Number.MAX_SAFE_INTEGER)) {
      await updateEntry(sql, entry, await proofOf(sql, keyring, entry))
    }
  }
}

/** When a principal was entered, proven or not: nothing is decided by it. */
export const enteredAt = async (sql: Sql, objectId: string): Promise<Instant | undefined> =>
  (await entryRow(sql, objectId))?.entry.created

/** A new principal. Its id was never anybody's, so that it comes into nobody's rights. */
export async function enter(turn: Turn, keyring: Keyring, told: Omit<Entry, 'objectId' | 'created'>): Promise<Entry> {
  const entry = { ...told, objectId: randomUUID(), created: turn.at }
  if (!(await insertEntry(turn.sql, entry, await proofOf(turn.sql, keyring, entry)))) throw taken(entry)
  turn.changeAccess()
  return entry
}

/** Changes what is told of a principal; switched off, it may do nothing from the moment this is answered. */
export async function amendEntry(turn: Turn, keyring: Keyring, entry: Entry): Promise<void> {
  const { userPrincipalName } = entry
  const namesake = userPrincipalName === undefined ? undefined : await entryRowByName(turn.sql, userPrincipalName)
  if (namesake !== undefined && namesake.entry.objectId !== entry.objectId) throw taken(entry)
  await updateEntry(turn.sql, entry, await proofOf(turn.sql, keyring, entry))
  turn.changeAccess()
}

/** Forgets a principal with its credentials and memberships. Its role assignments are taken by who asks for this. */
export async function forget(turn: Turn, objectId: string): Promise<void> {
  await partPrincipal(turn, objectId)
  await dropOwnershipsBy(turn, objectId)
  await dissolve(turn, objectId)
  await dropCredentialsOf(turn, objectId)
  await dropFederatedOf(turn, objectId)
  await deleteEntry(turn.sql, objectId)
  turn.changeAccess()
}

const taken = ({ userPrincipalName, appId }: Entry): Fault =>
  userPrincipalName === undefined
    ? new Fault(
        'conflict',
        `The service principal cannot be created, updated, or restored because the service principal name ${appId} is already in use.`,
        { where: 'appId' },
      )
    : new Fault('conflict', 'Another object with the same value for property userPrincipalName already exists.', {
        where: 'userPrincipalName',
      })
