import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import { type Lock, type LockLevel, lockId } from './lock.ts'

type Row = { id_key: string; scope: string; name: string; level: string; notes: string; created: number }
type Tables = { resource_lock: Row }

const all = statement<Tables, Record<never, never>, Row>((db) =>
  db.selectFrom('resource_lock').selectAll().orderBy('id_key'),
)
const keep = statement<Tables, Row>((db, given) =>
  db
    .insertInto('resource_lock')
    .values({
      id_key: given('id_key'),
      scope: given('scope'),
      name: given('name'),
      level: given('level'),
      notes: given('notes'),
      created: given('created'),
    })
    .onConflict((conflict) => conflict.column('id_key').doUpdateSet({ level: given('level'), notes: given('notes') })),
)
const remove = statement<Tables, { id_key: string }>((db, given) =>
  db.deleteFrom('resource_lock').where('id_key', '=', given('id_key')),
)

const keyOf = (lock: Pick<Lock, 'scope' | 'name'>): string => lockId(lock).toLowerCase()

/** Every lock there is; they are few, and put by hand. */
export async function allLocks(sql: Sql): Promise<Lock[]> {
  return (await all.all(sql, {})).map(({ scope, name, level, notes }) => ({
    scope,
    name,
    level: level as LockLevel,
    notes,
  }))
}

/** Keeps a lock; one of the same name at the same scope is changed. */
export async function keepLock(sql: Sql, lock: Lock, created: Instant): Promise<void> {
  await keep.changed(sql, { ...lock, id_key: keyOf(lock), created })
}

/** Takes a lock away; false when there was none. */
export const removeLock = async (sql: Sql, lock: Pick<Lock, 'scope' | 'name'>): Promise<boolean> =>
  (await remove.changed(sql, { id_key: keyOf(lock) })) === 1
