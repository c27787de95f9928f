import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type Row = {
  store: string
  id: string
  created: number
  ended: number | null
  profile: Uint8Array
  content: Uint8Array
}
type Tables = { change_set: Row }
type Place = { store: string; id: string }

const one = statement<Tables, Place, Row>((db, given) =>
  db.selectFrom('change_set').selectAll().where('store', '=', given('store')).where('id', '=', given('id')),
)
const insert = statement<Tables, Row>((db, given) =>
  db.insertInto('change_set').values({
    store: given('store'),
    id: given('id'),
    created: given('created'),
    ended: given('ended'),
    profile: given('profile'),
    content: given('content'),
  }),
)
const change = statement<Tables, Omit<Row, 'created'>>((db, given) =>
  db
    .updateTable('change_set')
    .set({ ended: given('ended'), profile: given('profile'), content: given('content') })
    .where('store', '=', given('store'))
    .where('id', '=', given('id')),
)
const newest = statement<Tables, { store: string; created: number; id: string; limit: number }, Row>((db, given) =>
  db
    .selectFrom('change_set')
    .selectAll()
    .where('store', '=', given('store'))
    .where((row) => row(row.refTuple('created', 'id'), '<', row.tuple(given('created'), given('id'))))
    .orderBy('created', 'desc')
    .orderBy('id', 'desc')
    .limit(given('limit')),
)
const forget = statement<Tables, { store: string; ended: number }>((db, given) =>
  db.deleteFrom('change_set').where('store', '=', given('store')).where('ended', '<', given('ended')),
)
const removeAll = statement<Tables, { store: string }>((db, given) =>
  db.deleteFrom('change_set').where('store', '=', given('store')),
)

/** A change set as it is kept: who and when in one seal, what in another. */
export type Sealed = {
  readonly id: string
  readonly created: Instant
  readonly ended: Instant | undefined
  readonly profile: Uint8Array
  readonly content: Uint8Array
}
const sealedOf = ({ id, created, ended, profile, content }: Row): Sealed => ({
  ...{ id, created, profile, content },
  ended: ended ?? undefined,
})

export async function keptChangeSet(sql: Sql, store: string, id: string): Promise<Sealed | undefined> {
  const row = await one.first(sql, { store, id })
  return row && sealedOf(row)
}

export async function addChangeSet(sql: Sql, store: string, { ended, ...sealed }: Sealed): Promise<void> {
  await insert.changed(sql, { store, ...sealed, ended: ended ?? null })
}

/** Keeps what has become of a change set. */
export async function updateChangeSet(sql: Sql, store: string, sealed: Sealed): Promise<void> {
  const { id, ended = null, profile, content } = sealed
  await change.changed(sql, { store, id, ended, profile, content })
}

/** Where a change set stands in the list of all, the newest first. */
export type ChangeSetPlace = { readonly created: Instant; readonly id: string }

/** Change sets, the newest first, after one. */
export async function newestChangeSets(
  sql: Sql,
  store: string,
  after: ChangeSetPlace | undefined,
  limit: number,
): Promise<Sealed[]> {
  const { created, id } = after ?? { created: Number.MAX_SAFE_INTEGER, id: '' }
  return (await newest.all(sql, { store, created, id, limit })).map(sealedOf)
}

/** Forgets what was over before a time. */
export async function forgetChangeSets(sql: Sql, store: string, ended: Instant): Promise<void> {
  await forget.changed(sql, { store, ended })
}

export async function removeChangeSetsIn(sql: Sql, store: string): Promise<void> {
  await removeAll.changed(sql, { store })
}
