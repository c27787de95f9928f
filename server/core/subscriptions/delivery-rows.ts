import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type Row = {
  subscription: string
  event: string
  number: number
  scope: string
  resource: string
  body: string
  published: number
  due: number
  attempt: number
  attempted: number | null
  outcome: string | null
  dead: string | null
}
type Tables = { event_delivery: Row }

/** An event on its way to one subscription. */
export type Delivery = {
  readonly subscription: string
  readonly event: string
  readonly number: number
  readonly resource: string
  readonly body: string
  readonly published: Instant
  readonly due: Instant
  /** How many times it was tried. */
  readonly attempt: number
}
/** One that is not tried any more. */
export type DeadLetter = Delivery & {
  readonly attempted: Instant | undefined
  readonly outcome: string | undefined
  readonly reason: string
}

const insert = statement<Tables, Omit<Row, 'attempt' | 'attempted' | 'outcome' | 'dead'>>((db, given) =>
  db.insertInto('event_delivery').values({
    subscription: given('subscription'),
    event: given('event'),
    number: given('number'),
    scope: given('scope'),
    resource: given('resource'),
    body: given('body'),
    published: given('published'),
    due: given('due'),
    attempt: 0,
    attempted: null,
    outcome: null,
    dead: null,
  }),
)
type Slice = { subscription: string; at: number; limit: number }
const due = statement<Tables, Slice, Row>((db, given) =>
  db
    .selectFrom('event_delivery')
    .selectAll()
    .where('subscription', '=', given('subscription'))
    .where('dead', 'is', null)
    .where('due', '<=', given('at'))
    .orderBy('due')
    .orderBy('number')
    .limit(given('limit')),
)
const first = statement<Tables, Omit<Slice, 'at'>, Row>((db, given) =>
  db
    .selectFrom('event_delivery')
    .selectAll()
    .where('subscription', '=', given('subscription'))
    .where('dead', 'is', null)
    .orderBy('number')
    .limit(given('limit')),
)
const take = statement<Tables, { subscription: string; event: string; attempt: number }>((db, given) =>
  db
    .deleteFrom('event_delivery')
    .where('subscription', '=', given('subscription'))
    .where('event', '=', given('event'))
    .where('attempt', '=', given('attempt')),
)
type Tried = Pick<Row, 'subscription' | 'event' | 'attempt' | 'due' | 'outcome' | 'dead'> & { attempted: number }
// Only if nobody has tried it meanwhile: then it is theirs to say what became of it.
const tried = statement<Tables, Tried>((db, given) =>
  db
    .updateTable('event_delivery')
    .set((row) => ({
      attempt: row('attempt', '+', 1),
      due: given('due'),
      attempted: given('attempted'),
      outcome: given('outcome'),
      dead: given('dead'),
    }))
    .where('subscription', '=', given('subscription'))
    .where('event', '=', given('event'))
    .where('attempt', '=', given('attempt')),
)
const outlived = statement<Tables, { subscription: string; before: number; attempted: number; dead: string }>(
  (db, given) =>
    db
      .updateTable('event_delivery')
      .set({ dead: given('dead'), attempted: given('attempted') })
      .where('subscription', '=', given('subscription'))
      .where('dead', 'is', null)
      .where('published', '<=', given('before')),
)
const forgotten = statement<Tables, { subscription: string; before: number }>((db, given) =>
  db
    .deleteFrom('event_delivery')
    .where('subscription', '=', given('subscription'))
    .where('dead', 'is not', null)
    .where('attempted', '<=', given('before')),
)
// The oldest beyond as many as are kept; where there are fewer, the inner question finds none.
const surplus = statement<Tables, { subscription: string; kept: number }>((db, given) =>
  db
    .deleteFrom('event_delivery')
    .where('subscription', '=', given('subscription'))
    .where('dead', 'is not', null)
    .where('number', '<=', (row) =>
      row
        .selectFrom('event_delivery as newer')
        .select('newer.number')
        .where('newer.subscription', '=', given('subscription'))
        .where('newer.dead', 'is not', null)
        .orderBy('newer.number', 'desc')
        .limit(1)
        .offset(given('kept')),
    ),
)
const removeAll = statement<Tables, { subscription: string }>((db, given) =>
  db.deleteFrom('event_delivery').where('subscription', '=', given('subscription')),
)
const earliestDue = statement<Tables, { subscription: string }, { due: number | null }>((db, given) =>
  db
    .selectFrom('event_delivery')
    .select((row) => row.fn.min('due').as('due'))
    .where('subscription', '=', given('subscription'))
    .where('dead', 'is', null),
)
const oldestWaiting = statement<Tables, { subscription: string }, { published: number | null }>((db, given) =>
  db
    .selectFrom('event_delivery')
    .select((row) => row.fn.min('published').as('published'))
    .where('subscription', '=', given('subscription'))
    .where('dead', 'is', null),
)
const oldestDead = statement<Tables, { subscription: string }, { attempted: number | null }>((db, given) =>
  db
    .selectFrom('event_delivery')
    .select((row) => row.fn.min('attempted').as('attempted'))
    .where('subscription', '=', given('subscription'))
    .where('dead', 'is not', null),
)
const dead = statement<Tables, { subscription: string; limit: number }, Row>((db, given) =>
  db
    .selectFrom('event_delivery')
    .selectAll()
    .where('subscription', '=', given('subscription'))
    .where('dead', 'is not', null)
    .orderBy('number')
    .limit(given('limit')),
)
const revive = statement<Tables, { subscription: string; event: string; at: number }>((db, given) =>
  db
    .updateTable('event_delivery')
    .set({ dead: null, attempt: 0, published: given('at'), due: given('at') })
    .where('subscription', '=', given('subscription'))
    .where('event', '=', given('event'))
    .where('dead', 'is not', null),
)

const fromRow = ({ subscription, event, number, resource, body, published, due, attempt }: Row): Delivery => ({
  ...{ subscription, event, number, resource, body, published, due, attempt },
})

export async function addDelivery(sql: Sql, delivery: Omit<Delivery, 'attempt'> & { readonly scope: string }) {
  await insert.changed(sql, { ...delivery })
}
export const deliveriesDue = async (sql: Sql, subscription: string, at: Instant, limit: number): Promise<Delivery[]> =>
  (await due.all(sql, { subscription, at, limit })).map(fromRow)
/** The first that wait, whether due or not. */
export const deliveriesFirst = async (sql: Sql, subscription: string, limit: number): Promise<Delivery[]> =>
  (await first.all(sql, { subscription, limit })).map(fromRow)

/** Takes away what was delivered, unless it was tried anew by somebody else meanwhile. */
export async function removeDelivery(sql: Sql, { subscription, event, attempt }: Delivery): Promise<void> {
  await take.changed(sql, { subscription, event, attempt })
}

/** Keeps what became of an attempt: when there is another, or why there is none. */
export async function keepTried(
  sql: Sql,
  { subscription, event, attempt }: Delivery,
  became: {
    readonly due: Instant
    readonly attempted: Instant
    readonly outcome: string
    readonly dead: string | null
  },
): Promise<void> {
  await tried.changed(sql, { subscription, event, attempt, ...became })
}
/** Gives up what has waited since before a time; tells how many that were. */
export const giveUpBefore = (sql: Sql, subscription: string, before: Instant, at: Instant): Promise<number> =>
  outlived.changed(sql, { subscription, before, attempted: at, dead: 'TimeToLiveExceeded' })
export async function forgetDeadBefore(sql: Sql, subscription: string, before: Instant): Promise<void> {
  await forgotten.changed(sql, { subscription, before })
}
/** Drops the oldest dead letters beyond so many; tells how many that were. */
export const dropDeadBeyond = (sql: Sql, subscription: string, kept: number): Promise<number> =>
  surplus.changed(sql, { subscription, kept })
export async function removeDeliveries(sql: Sql, subscription: string): Promise<void> {
  await removeAll.changed(sql, { subscription })
}
/** When the next that waits is due. */
export const dueNext = async (sql: Sql, subscription: string): Promise<Instant | undefined> =>
  (await earliestDue.first(sql, { subscription }))?.due ?? undefined
/** Since when the oldest waits. */
export const waitingFrom = async (sql: Sql, subscription: string): Promise<Instant | undefined> =>
  (await oldestWaiting.first(sql, { subscription }))?.published ?? undefined
/** Since when the oldest is given up. */
export const deadFrom = async (sql: Sql, subscription: string): Promise<Instant | undefined> =>
  (await oldestDead.first(sql, { subscription }))?.attempted ?? undefined
export const deadOf = async (sql: Sql, subscription: string, limit: number): Promise<DeadLetter[]> =>
  (await dead.all(sql, { subscription, limit })).map((row) => ({
    ...fromRow(row),
    attempted: row.attempted ?? undefined,
    outcome: row.outcome ?? undefined,
    reason: row.dead ?? '',
  }))

/** Has a dead letter delivered again; false if there is no such one. */
export const reviveDead = async (sql: Sql, subscription: string, event: string, at: Instant): Promise<boolean> =>
  (await revive.changed(sql, { subscription, event, at })) === 1

const depth = statement<Tables, Record<never, never>, { count: number | string }>((db) =>
  db
    .selectFrom('event_delivery')
    .select((row) => row.fn.countAll<number | string>().as('count'))
    .where('dead', 'is', null),
)
const late = statement<Tables, { before: number; limit: number }, Waiting>((db, given) =>
  db
    .selectFrom('event_delivery')
    .select(['number as sequence', 'published as at', 'resource'])
    .where('published', '<', given('before'))
    .where('dead', 'is', null)
    .orderBy('published')
    .orderBy('number')
    .limit(given('limit')),
)
const deadSince = statement<Tables, { since: number; limit: number }, Waiting & { subscription: string; dead: string }>(
  (db, given) =>
    db
      .selectFrom('event_delivery')
      .select(['number as sequence', 'attempted as at', 'resource', 'subscription', 'dead'])
      .$narrowType<{ at: number; dead: string }>()
      .where('dead', 'is not', null)
      .where('attempted', '>=', given('since'))
      .orderBy('attempted')
      .orderBy('number')
      .limit(given('limit')),
)

/** How many events wait to be carried out of the house. */
export const waitingCount = async (sql: Sql): Promise<number> => Number((await depth.first(sql, {}))?.count ?? 0)

export type Waiting = { readonly sequence: number; readonly at: Instant; readonly resource: string }
export const waitingSince = (sql: Sql, before: Instant, limit: number): Promise<Waiting[]> =>
  late.all(sql, { before, limit })
export type GivenUp = Waiting & { readonly subscription: string; readonly dead: string }
export const givenUpSince = (sql: Sql, since: Instant, limit: number): Promise<GivenUp[]> =>
  deadSince.all(sql, { since, limit })
