import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import type { Application } from './application.ts'

type Row = {
  readonly id: string
  readonly app_id: string
  readonly name: string
  readonly details: string
  readonly principal: string | null
  readonly proof: Uint8Array | null
  readonly entered: Uint8Array | null
  readonly created: number
}
type UriRow = { readonly uri: string; readonly application: string }
type OwnerRow = { readonly application: string; readonly owner: string }
type Tables = { application: Row; application_uri: UriRow; application_owner: OwnerRow }

const byId = statement<Tables, { id: string }, Row>((db, given) =>
  db.selectFrom('application').selectAll().where('id', '=', given('id')),
)
const byAppId = statement<Tables, { app_id: string }, Row>((db, given) =>
  db.selectFrom('application').selectAll().where('app_id', '=', given('app_id')),
)
const byPrincipal = statement<Tables, { principal: string }, Row>((db, given) =>
  db.selectFrom('application').selectAll().where('principal', '=', given('principal')),
)
const slice = statement<Tables, { after: string; limit: number }, Row>((db, given) =>
  db.selectFrom('application').selectAll().where('id', '>', given('after')).orderBy('id').limit(given('limit')),
)
const insert = statement<Tables, Row>((db, given) =>
  db.insertInto('application').values({
    id: given('id'),
    app_id: given('app_id'),
    name: given('name'),
    details: given('details'),
    principal: given('principal'),
    proof: given('proof'),
    entered: given('entered'),
    created: given('created'),
  }),
)
const update = statement<Tables, Pick<Row, 'id' | 'name' | 'details' | 'entered'>>((db, given) =>
  db
    .updateTable('application')
    .set({ name: given('name'), details: given('details'), entered: given('entered') })
    .where('id', '=', given('id')),
)
const joinTo = statement<Tables, { id: string; principal: string | null; proof: Uint8Array | null }>((db, given) =>
  db
    .updateTable('application')
    .set({ principal: given('principal'), proof: given('proof') })
    .where('id', '=', given('id')),
)
const remove = statement<Tables, { id: string }>((db, given) =>
  db.deleteFrom('application').where('id', '=', given('id')),
)
const urisOf = statement<Tables, { application: string }, UriRow>((db, given) =>
  db.selectFrom('application_uri').selectAll().where('application', '=', given('application')).orderBy('uri'),
)
const insertUri = statement<Tables, UriRow>((db, given) =>
  db
    .insertInto('application_uri')
    .values({ uri: given('uri'), application: given('application') })
    .onConflict((conflict) => conflict.doNothing()),
)
const removeUris = statement<Tables, { application: string }>((db, given) =>
  db.deleteFrom('application_uri').where('application', '=', given('application')),
)
const owners = statement<Tables, { application: string }, OwnerRow>((db, given) =>
  db.selectFrom('application_owner').selectAll().where('application', '=', given('application')).orderBy('owner'),
)
const insertOwner = statement<Tables, OwnerRow>((db, given) =>
  db
    .insertInto('application_owner')
    .values({ application: given('application'), owner: given('owner') })
    .onConflict((conflict) => conflict.doNothing()),
)
const removeOwnerRow = statement<Tables, OwnerRow>((db, given) =>
  db
    .deleteFrom('application_owner')
    .where('application', '=', given('application'))
    .where('owner', '=', given('owner')),
)
const removeOwnersBy = statement<Tables, { id: string }>((db, given) =>
  db
    .deleteFrom('application_owner')
    .where((where) => where.or([where('application', '=', given('id')), where('owner', '=', given('id'))])),
)

/** An application, the proof of what it was joined to, and the one that we entered it so. */
export type KeptApplication = {
  readonly application: Application
  readonly proof: Uint8Array | undefined
  readonly entered: Uint8Array | undefined
}

async function keptOf(sql: Sql, row: Row | undefined): Promise<KeptApplication | undefined> {
  if (row === undefined) return undefined
  const application = {
    objectId: row.id,
    appId: row.app_id,
    name: row.name,
    identifierUris: (await urisOf.all(sql, { application: row.id })).map(({ uri }) => uri),
    details: JSON.parse(row.details),
    principal: row.principal ?? undefined,
    created: row.created,
  }
  return { application, proof: row.proof ?? undefined, entered: row.entered ?? undefined }
}
export const applicationRow = async (sql: Sql, id: string) => keptOf(sql, await byId.first(sql, { id }))
export const applicationRowByAppId = async (sql: Sql, app_id: string) =>
  keptOf(sql, await byAppId.first(sql, { app_id }))
/** The application that names this principal as its own. */
export const applicationNaming = async (sql: Sql, principal: string) =>
  keptOf(sql, await byPrincipal.first(sql, { principal }))
export async function applicationSlice(sql: Sql, after: string, limit: number): Promise<KeptApplication[]> {
  const kept = await Promise.all((await slice.all(sql, { after, limit })).map((row) => keptOf(sql, row)))
  return kept.filter((one) => one !== undefined)
}

export async function insertApplication(sql: Sql, application: Application, entered: Uint8Array): Promise<void> {
  await insert.changed(sql, {
    id: application.objectId,
    app_id: application.appId,
    name: application.name,
    details: JSON.stringify(application.details),
    principal: null,
    proof: null,
    entered,
    created: application.created satisfies Instant,
  })
}
export async function updateApplication(
  sql: Sql,
  { objectId, name, details }: Application,
  entered: Uint8Array,
): Promise<void> {
  await update.changed(sql, { id: objectId, name, details: JSON.stringify(details), entered })
}
export async function setPrincipalOf(sql: Sql, id: string, principal: string | null, proof: Uint8Array | null) {
  await joinTo.changed(sql, { id, principal, proof })
}
export async function deleteApplicationRows(sql: Sql, id: string): Promise<void> {
  await removeUris.changed(sql, { application: id })
  await removeOwnersBy.changed(sql, { id })
  await remove.changed(sql, { id })
}
export async function clearUris(sql: Sql, application: string): Promise<void> {
  await removeUris.changed(sql, { application })
}
/** False when an application has it already. */
export const addUri = async (sql: Sql, application: string, uri: string): Promise<boolean> =>
  (await insertUri.changed(sql, { application, uri })) === 1

export const ownerIdsOf = async (sql: Sql, application: string): Promise<string[]> =>
  (await owners.all(sql, { application })).map(({ owner }) => owner)
/** False when it is one already. */
export const addOwnerRow = async (sql: Sql, application: string, owner: string): Promise<boolean> =>
  (await insertOwner.changed(sql, { application, owner })) === 1
/** False when it was none. */
export const dropOwnerRow = async (sql: Sql, application: string, owner: string): Promise<boolean> =>
  (await removeOwnerRow.changed(sql, { application, owner })) === 1
export async function dropOwnershipsOf(sql: Sql, id: string): Promise<void> {
  await removeOwnersBy.changed(sql, { id })
}
