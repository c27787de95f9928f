import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import type { Reading } from './reading.ts'

type ReadingRow = {
  secret: string
  version: string
  caller: string
  app_id: string
  at: number
  address: string
  times: number
}
type Tables = { reading: ReadingRow; gathered: { writer: string; number: number } }

const upsert = statement<Tables, ReadingRow>((db, given) =>
  db
    .insertInto('reading')
    .values({
      secret: given('secret'),
      version: given('version'),
      caller: given('caller'),
      app_id: given('app_id'),
      at: given('at'),
      address: given('address'),
      times: given('times'),
    })
    .onConflict((conflict) =>
      conflict.columns(['secret', 'version', 'caller']).doUpdateSet((row) => ({
        at: given('at'),
        address: given('address'),
        times: row('reading.times', '+', given('times')),
      })),
    ),
)
const dropSecret = statement<Tables, { secret: string; until: number }>((db, given) =>
  db.deleteFrom('reading').where('secret', '=', given('secret')).where('at', '<=', given('until')),
)
const bySecret = statement<Tables, { secret: string }, ReadingRow>((db, given) =>
  db.selectFrom('reading').selectAll().where('secret', '=', given('secret')).orderBy('at', 'desc').orderBy('caller'),
)
const marks = statement<Tables, Record<never, never>, { writer: string; number: number }>((db) =>
  db.selectFrom('gathered').select(['writer', 'number']),
)
const addMark = statement<Tables, { writer: string; number: number }>((db, given) =>
  db
    .insertInto('gathered')
    .values({ writer: given('writer'), number: given('number') })
    .onConflict((conflict) => conflict.doNothing()),
)
const moveMark = statement<Tables, { writer: string; number: number; before: number }>((db, given) =>
  db
    .updateTable('gathered')
    .set({ number: given('number') })
    .where('writer', '=', given('writer'))
    .where('number', '=', given('before')),
)

/** How far each series has been gathered. */
export async function gathered(sql: Sql): Promise<Map<string, number>> {
  return new Map((await marks.all(sql, {})).map(({ writer, number }) => [writer, number]))
}

/** Moves a series' mark from where it was seen; false if somebody else has moved it. */
export const advance = async (sql: Sql, writer: string, before: number, number: number): Promise<boolean> =>
  (before === 0
    ? await addMark.changed(sql, { writer, number })
    : await moveMark.changed(sql, { writer, number, before })) === 1

export async function keepReading(sql: Sql, { secret, version, caller, appId, ...rest }: Reading): Promise<void> {
  await upsert.changed(sql, { secret, version, caller, app_id: appId, ...rest })
}

/** Forgets who read a secret until a time. */
export async function forgetSecret(sql: Sql, secret: string, until: Instant): Promise<void> {
  await dropSecret.changed(sql, { secret, until })
}

export const readingsOf = async (sql: Sql, secret: string): Promise<Reading[]> =>
  (await bySecret.all(sql, { secret })).map(({ app_id: appId, ...row }) => ({ ...row, appId }))
