import { randomUUID } from 'node:crypto'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import type { Application } from './application.ts'
import {
  addOwnerRow,
  addUri,
  applicationNaming,
  applicationRow,
  applicationRowByAppId,
  applicationSlice,
  clearUris,
  deleteApplicationRows,
  dropOwnerRow,
  dropOwnershipsOf,
  insertApplication,
  type KeptApplication,
  ownerIdsOf,
  setPrincipalOf,
  updateApplication,
} from './application-rows.ts'
import { directoryKey } from './principal.ts'
import { provenAfter } from './proven.ts'

/** The applications that are registered, and which service principal stands for which. */

/** What decides about an application beside what it is joined to; among the details is where people's codes are sent. */
const wordsOfApplication = ({ objectId, appId, details }: Application): string =>
  JSON.stringify(['application', objectId, appId, details])

const proofOf = (sql: Sql, keyring: Keyring, application: Application): Promise<Buffer> =>
  keyring.fingerprint(sql, directoryKey, wordsOfApplication(application))

/** An application as we entered it: one whose row was changed or added by hand isn't there. */
async function proven(sql: Sql, keyring: Keyring, kept: KeptApplication | undefined): Promise<Application | undefined> {
  if (kept?.entered === undefined) return undefined
  const { application, entered } = kept
  const ours = await keyring.isFingerprint(sql, directoryKey, wordsOfApplication(application), entered)
  return ours ? application : undefined
}

/** The application with this object id, if it is there and ours. */
export const applicationById = async (sql: Sql, keyring: Keyring, id: string): Promise<Application | undefined> =>
  proven(sql, keyring, await applicationRow(sql, id))
/** The application with this application id, if it is there and ours. */
export const applicationByAppId = async (sql: Sql, keyring: Keyring, appId: string): Promise<Application | undefined> =>
  proven(sql, keyring, await applicationRowByAppId(sql, appId))
/** Applications in the order of their ids; fewer than asked for only where there are no more. */
export const applicationsAfter = (sql: Sql, keyring: Keyring, after: string, limit: number): Promise<Application[]> =>
  provenAfter(
    (from) => applicationSlice(sql, from, limit),
    { after, limit },
    ({ application }) => application.objectId,
    (row) => proven(sql, keyring, row),
  )

/** Gives every application that is kept a proof: for those from before there were any. */
export async function proveApplications({ sql }: Turn, keyring: Keyring): Promise<void> {
  for (const { application } of await applicationSlice(sql, '', Number.MAX_SAFE_INTEGER)) {
    await updateApplication(sql, application, await proofOf(sql, keyring, application))
  }
}

/** What joins the two is proven: else a row typed by hand would let one application's password prove another. */
const wordsOf = (application: string, principal: string): string =>
  JSON.stringify(['stands-for', application, principal])

/** Whose credentials prove a principal: its own, and those of the application that it stands for. */
export async function holdersOf(sql: Sql, keyring: Keyring, principal: string): Promise<string[]> {
  const named = await applicationNaming(sql, principal)
  if (named?.proof === undefined) return [principal]
  const { objectId } = named.application
  const joined = await keyring.isFingerprint(sql, directoryKey, wordsOf(objectId, principal), named.proof)
  return joined ? [principal, objectId] : [principal]
}

type Registered = Pick<Application, 'name' | 'identifierUris' | 'details'>

/** Registers an application; nobody stands for it yet. Throws `conflict` when one of its identifier URIs is another's. */
export async function registerApplication(turn: Turn, keyring: Keyring, registered: Registered): Promise<Application> {
  const ids = { objectId: randomUUID(), appId: randomUUID() }
  const application = { ...ids, ...registered, principal: undefined, created: turn.at }
  await insertApplication(turn.sql, application, await proofOf(turn.sql, keyring, application))
  await keepUris(turn, application)
  return application
}

/** Gives an application other words and identifier URIs. Throws `conflict` when one of those is another's. */
export async function amendApplication(turn: Turn, keyring: Keyring, application: Application): Promise<void> {
  await updateApplication(turn.sql, application, await proofOf(turn.sql, keyring, application))
  await clearUris(turn.sql, application.objectId)
  await keepUris(turn, application)
}

async function keepUris({ sql }: Turn, { objectId, identifierUris }: Application): Promise<void> {
  for (const uri of identifierUris) {
    if (!(await addUri(sql, objectId, uri))) {
      throw new Fault('conflict', 'Another object with the same value for property identifierUris already exists.', {
        where: 'identifierUris',
      })
    }
  }
}

/** From now on this principal stands for the application. */
export async function joinPrincipal(turn: Turn, keyring: Keyring, application: string, principal: string) {
  const proof = await keyring.fingerprint(turn.sql, directoryKey, wordsOf(application, principal))
  await setPrincipalOf(turn.sql, application, principal, proof)
  turn.changeAccess()
}

/** The application of a principal that goes stays, and nobody stands for it. */
export async function partPrincipal(turn: Turn, principal: string): Promise<void> {
  const named = await applicationNaming(turn.sql, principal)
  if (named !== undefined) await setPrincipalOf(turn.sql, named.application.objectId, null, null)
}

/** Forgets an application; its credentials and its principal are taken away by who asks for this. */
export const forgetApplication = (turn: Turn, id: string): Promise<void> => deleteApplicationRows(turn.sql, id)

/** Who owns an application, by object ids. */
export const ownersOf = (sql: Sql, application: string): Promise<string[]> => ownerIdsOf(sql, application)
/** Makes somebody an owner; false when they are one already. */
export const addOwner = (turn: Turn, application: string, owner: string): Promise<boolean> =>
  addOwnerRow(turn.sql, application, owner)
/** Takes an owner away; false when they were none. */
export const dropOwner = (turn: Turn, application: string, owner: string): Promise<boolean> =>
  dropOwnerRow(turn.sql, application, owner)
/** Somebody who goes owns nothing any more. */
export const dropOwnershipsBy = (turn: Turn, owner: string): Promise<void> => dropOwnershipsOf(turn.sql, owner)
