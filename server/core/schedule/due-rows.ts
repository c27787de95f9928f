import type { Instant } from '#base/clock.ts'
import { query, type Sql, statement } from '#base/sql.ts'

type DueRow = {
  kind: string
  subject: string
  at: number
  fence: number
  owner: string | null
  lease_until: number | null
  attempt: number
}
type Tables = { due: DueRow }

/** The right to work on something until a time. The fence grows with each claim: an older one changes nothing. */
export type Lease = {
  readonly kind: string
  readonly subject: string
  readonly fence: number
  readonly attempt: number
  readonly until: Instant
}

/** What nobody works on, and nobody has tried. */
const unheld = { owner: null, lease_until: null, attempt: 0 }

const keep = statement<Tables, { kind: string; subject: string; at: number }>((db, given) =>
  db
    .insertInto('due')
    .values({ kind: given('kind'), subject: given('subject'), at: given('at'), ...unheld, fence: 1 })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'subject']).doUpdateSet((row) => ({
        at: given('at'),
        ...unheld,
        fence: row('due.fence', '+', 1),
      })),
    ),
)
// Nobody is fenced out, and what is to be done sooner stays so.
const keepBy = statement<Tables, { kind: string; subject: string; at: number }>((db, given) =>
  db
    .insertInto('due')
    .values({ kind: given('kind'), subject: given('subject'), at: given('at'), ...unheld, fence: 1 })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'subject']).doUpdateSet((row) => ({
        at: row
          .case()
          .when('due.at', '<', row.ref('excluded.at'))
          .then(row.ref('due.at'))
          .else(row.ref('excluded.at'))
          .end(),
      })),
    ),
)
// Nobody is fenced out, and a later time never replaces an earlier one.
const advanceTo = statement<Tables, { kind: string; subject: string; at: number }>((db, given) =>
  db
    .updateTable('due')
    .set({ at: given('at') })
    .where('kind', '=', given('kind'))
    .where('subject', '=', given('subject'))
    .where('at', '>', given('at')),
)
// Nobody is fenced out, and it stays due when it was.
const countAttempt = statement<Tables, { kind: string; subject: string }>((db, given) =>
  db
    .updateTable('due')
    .set((row) => ({ attempt: row('attempt', '+', 1) }))
    .where('kind', '=', given('kind'))
    .where('subject', '=', given('subject')),
)
const freeAll = statement<Tables, Record<never, never>>((db) =>
  db
    .updateTable('due')
    .set((row) => ({ owner: null, lease_until: null, fence: row('fence', '+', 1) }))
    .where('lease_until', 'is not', null),
)
const remove = statement<Tables, { kind: string; subject: string }>((db, given) =>
  db.deleteFrom('due').where('kind', '=', given('kind')).where('subject', '=', given('subject')),
)
const removeFenced = statement<Tables, { kind: string; subject: string; fence: number }>((db, given) =>
  db
    .deleteFrom('due')
    .where('kind', '=', given('kind'))
    .where('subject', '=', given('subject'))
    .where('fence', '=', given('fence')),
)
const give = statement<Tables, { kind: string; subject: string; fence: number; at: number; attempt: number }>(
  (db, given) =>
    db
      .updateTable('due')
      .set({ at: given('at'), attempt: given('attempt'), owner: null, lease_until: null })
      .where('kind', '=', given('kind'))
      .where('subject', '=', given('subject'))
      .where('fence', '=', given('fence')),
)
const extend = statement<Tables, { kind: string; subject: string; fence: number; lease_until: number }>((db, given) =>
  db
    .updateTable('due')
    .set({ lease_until: given('lease_until') })
    .where('kind', '=', given('kind'))
    .where('subject', '=', given('subject'))
    .where('fence', '=', given('fence')),
)

/** Puts something in, or moves it; whoever held it is fenced out. */
export async function keepDue(sql: Sql, kind: string, subject: string, at: Instant): Promise<void> {
  await keep.changed(sql, { kind, subject, at })
}

/** Takes something out; by a fence, only if nobody has claimed it since. False if it wasn’t there so. */
export async function removeDue(sql: Sql, kind: string, subject: string, fence?: number): Promise<boolean> {
  const changed =
    fence === undefined
      ? await remove.changed(sql, { kind, subject })
      : await removeFenced.changed(sql, { kind, subject, fence })
  return changed === 1
}
/** Takes out everything of a kind whose subject begins so. */
export async function removeDueUnder(sql: Sql, kind: string, prefix: string): Promise<void> {
  await query<Tables, never>(
    sql,
    (db) =>
      db
        .deleteFrom('due')
        .where('kind', '=', kind)
        .where((row) => row(row.fn('substr', ['subject', row.lit(1), row.lit(prefix.length)]), '=', prefix)) as never,
  )
}

/** Gives back what is held; false if somebody else has claimed it since. */
export async function release(
  sql: Sql,
  { kind, subject, fence }: Lease,
  at: Instant,
  attempt: number,
): Promise<boolean> {
  return (await give.changed(sql, { kind, subject, fence, at, attempt })) === 1
}

/** Holds for longer; false if somebody else has claimed it since. */
export async function extendLease(sql: Sql, { kind, subject, fence }: Lease, until: Instant): Promise<boolean> {
  return (await extend.changed(sql, { kind, subject, fence, lease_until: until })) === 1
}

/** Puts something in, or has it due sooner; fences nobody out. */
export async function keepDueBy(sql: Sql, kind: string, subject: string, at: Instant): Promise<void> {
  await keepBy.changed(sql, { kind, subject, at })
}

/** Has what is there due sooner; fences nobody out. */
export async function hastenDue(sql: Sql, kind: string, subject: string, at: Instant): Promise<void> {
  await advanceTo.changed(sql, { kind, subject, at })
}

/** Counts one attempt more; fences nobody out. */
export async function countInVain(sql: Sql, kind: string, subject: string): Promise<void> {
  await countAttempt.changed(sql, { kind, subject })
}

/** Frees all that is held, and fences out whoever held it. */
export async function freeLeases(sql: Sql): Promise<void> {
  await freeAll.changed(sql, {})
}

// A walk from kind to kind by the index, not through all that is kept: of each, the earliest that is free; and all that
// is held, which is as much as all workers do at once.
const next = statement<Tables, Record<never, never>, { kind: string; at: number }>(
  (db) =>
    db
      .withRecursive('kinds', (kinds) =>
        kinds
          .selectFrom('due')
          .select((row) => row.fn.min('kind').as('kind'))
          .unionAll(
            (following) =>
              following
                .selectFrom('kinds')
                .select((row) =>
                  row
                    .selectFrom('due')
                    .select((inner) => inner.fn.min<string>('due.kind').as('kind'))
                    .whereRef('due.kind', '>', 'kinds.kind')
                    .as('kind'),
                )
                .where('kinds.kind', 'is not', null) as never,
          ),
      )
      .selectFrom('kinds')
      .select((row) => [
        row.ref('kinds.kind').as('kind'),
        row
          .selectFrom('due')
          .select((inner) => inner.fn.min<number>('due.at').as('at'))
          .whereRef('due.kind', '=', 'kinds.kind')
          .where('due.owner', 'is', null)
          .as('at'),
      ])
      .unionAll(
        (held) =>
          held
            .selectFrom('due')
            .select((row) => [
              'due.kind',
              row
                .case()
                .when('lease_until', '>', row.ref('at'))
                .then(row.ref('lease_until'))
                .else(row.ref('at'))
                .end()
                .as('at'),
            ])
            .where('due.owner', 'is not', null) as never,
      ) as never,
)

const tried = statement<Tables, { kind: string }, { subject: string; attempt: number }>((db, given) =>
  db
    .selectFrom('due')
    .select(['subject', 'attempt'])
    .where('kind', '=', given('kind'))
    .where('attempt', '>', 0)
    .orderBy('subject')
    .limit(1_000),
)

/** What of a kind was tried in vain, and how often; at most a thousand. */
export const triedInVain = (sql: Sql, kind: string): Promise<{ subject: string; attempt: number }[]> =>
  tried.all(sql, { kind })

/** When something of each kind is next due and free. */
export async function nextFree(sql: Sql): Promise<ReadonlyMap<string, Instant>> {
  const times = new Map<string, Instant>()
  for (const { kind, at } of await next.all(sql, {})) {
    // At the end of the walk there is no kind; and where all of one kind is held, none is free.
    if (kind === null || at === null) continue
    times.set(kind, Math.min(at, times.get(kind) ?? Infinity))
  }
  return times
}

// No `for update skip locked`: a turn that changes things is alone on all nodes, so nobody else is claiming now.
export async function claim(
  sql: Sql,
  owner: string,
  kinds: readonly string[],
  at: Instant,
  until: Instant,
  limit: number,
): Promise<Lease[]> {
  const rows = await query<Tables, DueRow>(sql, (db) => {
    const waiting = db
      .selectFrom('due')
      .select(['kind', 'subject', 'at'])
      .where('kind', 'in', kinds)
      .where('at', '<=', at)
    const first = (some: typeof waiting) => db.selectFrom(some.orderBy('at').limit(limit).as('some')).selectAll()
    // Two questions, because each has an index of its own.
    const free = first(waiting.where('owner', 'is', null))
    const lapsed = first(waiting.where('owner', 'is not', null).where('lease_until', '<', at))
    return db
      .updateTable('due')
      .set((row) => ({ owner, lease_until: until, fence: row('fence', '+', 1) }))
      .where((row) =>
        row(
          row.refTuple('kind', 'subject'),
          'in',
          row
            .selectFrom(free.unionAll(lapsed).as('both'))
            .select(['both.kind', 'both.subject'])
            .orderBy('both.at')
            .limit(limit)
            .$asTuple('kind', 'subject'),
        ),
      )
      .returningAll()
  })
  return rows
    .sort((a, b) => a.at - b.at)
    .map(({ kind, subject, fence, attempt }) => ({ kind, subject, fence, attempt, until }))
}
