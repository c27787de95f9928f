import { type Sql, statement } from '#base/sql.ts'
import type { State, Subscription, Terms } from './subscription.ts'

type Row = {
  id: string
  scope: string
  name: string
  id_key: string
  state: string
  trouble: string | null
  proven: number
  terms: string
  sealed: Uint8Array | null
  answer_until: number | null
  created: number
  updated: number
}
type Tables = { event_subscription: Row }

const all = statement<Tables, Record<never, never>, Row>((db) =>
  db.selectFrom('event_subscription').selectAll().orderBy('id_key'),
)
const byId = statement<Tables, { id: string }, Row>((db, given) =>
  db.selectFrom('event_subscription').selectAll().where('id', '=', given('id')),
)
const byKey = statement<Tables, { id_key: string }, Row>((db, given) =>
  db.selectFrom('event_subscription').selectAll().where('id_key', '=', given('id_key')),
)
const insert = statement<Tables, Row>((db, given) =>
  db.insertInto('event_subscription').values({
    id: given('id'),
    scope: given('scope'),
    name: given('name'),
    id_key: given('id_key'),
    state: given('state'),
    trouble: given('trouble'),
    proven: given('proven'),
    terms: given('terms'),
    sealed: given('sealed'),
    answer_until: given('answer_until'),
    created: given('created'),
    updated: given('updated'),
  }),
)
const change = statement<Tables, Omit<Row, 'scope' | 'name' | 'id_key' | 'created'>>((db, given) =>
  db
    .updateTable('event_subscription')
    .set({
      state: given('state'),
      trouble: given('trouble'),
      proven: given('proven'),
      terms: given('terms'),
      sealed: given('sealed'),
      answer_until: given('answer_until'),
      updated: given('updated'),
    })
    .where('id', '=', given('id')),
)
const remove = statement<Tables, { id: string }>((db, given) =>
  db.deleteFrom('event_subscription').where('id', '=', given('id')),
)

type Named = Pick<Subscription, 'scope' | 'name'>
/** A subscription's own resource id. */
export const subscriptionId = ({ scope, name }: Named): string =>
  `${scope === '/' ? '' : scope}/providers/Microsoft.EventGrid/eventSubscriptions/${name}`
const keyOf = (named: Named): string => subscriptionId(named).toLowerCase()

function fromRow(row: Row): Subscription {
  const { id, scope, name, created, updated } = row
  return {
    ...{ id, scope, name, created, updated },
    state: row.state as State,
    trouble: row.trouble ?? undefined,
    proven: row.proven === 1,
    terms: JSON.parse(row.terms) as Terms,
    sealed: row.sealed ?? undefined,
    answerUntil: row.answer_until ?? undefined,
  }
}
const toRow = ({ scope, name, trouble, proven, terms, sealed, answerUntil, ...rest }: Subscription): Row => ({
  ...rest,
  ...{ scope, name, id_key: keyOf({ scope, name }) },
  trouble: trouble ?? null,
  proven: proven ? 1 : 0,
  terms: JSON.stringify(terms),
  sealed: sealed ?? null,
  answer_until: answerUntil ?? null,
})

/** All there are; they are few, and made by hand. */
export const everySubscription = async (sql: Sql): Promise<Subscription[]> => (await all.all(sql, {})).map(fromRow)

export async function subscriptionWith(sql: Sql, id: string): Promise<Subscription | undefined> {
  const row = await byId.first(sql, { id })
  return row && fromRow(row)
}
export async function subscriptionNamed(sql: Sql, named: Named): Promise<Subscription | undefined> {
  const row = await byKey.first(sql, { id_key: keyOf(named) })
  return row && fromRow(row)
}
export async function addSubscription(sql: Sql, subscription: Subscription): Promise<void> {
  await insert.changed(sql, toRow(subscription))
}
export async function changeSubscription(sql: Sql, subscription: Subscription): Promise<void> {
  await change.changed(sql, toRow(subscription))
}
export async function removeSubscription(sql: Sql, id: string): Promise<void> {
  await remove.changed(sql, { id })
}
