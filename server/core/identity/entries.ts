import { randomUUID } from 'node:crypto'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { dropOwnershipsBy, partPrincipal } from './applications.ts'
import { dropCredentialsOf } from './directory.ts'
import type { Entry } from './entry.ts'
import { deleteEntry, entryRow, entryRowByName, entrySlice, insertEntry, updateEntry } from './entry-rows.ts'
import { dropFederatedOf } from './federated-credentials.ts'
import { dissolve } from './membership.ts'

/** Principals with all that the directory was told of them. */

export const entryById = (sql: Sql, objectId: string): Promise<Entry | undefined> => entryRow(sql, objectId)

/** A person by the name with which they sign in. */
export const personByName = (sql: Sql, userPrincipalName: string): Promise<Entry | undefined> =>
  entryRowByName(sql, userPrincipalName)

type Kinds = Parameters<typeof entrySlice>[1]
/** Principals of a kind or two, in the order of their ids. */
export const entriesAfter = (sql: Sql, kinds: Kinds, after: string, limit: number): Promise<Entry[]> =>
  entrySlice(sql, kinds, after, limit)

/** A new principal. Its id was never anybody's, so that it comes into nobody's rights. */
export async function enter(turn: Turn, told: Omit<Entry, 'objectId' | 'created'>): Promise<Entry> {
  const entry = { ...told, objectId: randomUUID(), created: turn.at }
  if (!(await insertEntry(turn.sql, entry))) throw taken(entry)
  turn.changeAccess()
  return entry
}

/** Changes what is told of a principal; switched off, it may do nothing from the moment this is answered. */
export async function amendEntry(turn: Turn, entry: Entry): Promise<void> {
  const { userPrincipalName } = entry
  const namesake = userPrincipalName === undefined ? undefined : await entryRowByName(turn.sql, userPrincipalName)
  if (namesake !== undefined && namesake.objectId !== entry.objectId) throw taken(entry)
  await updateEntry(turn.sql, entry)
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
