import type { Change, ChangeType } from '@cardea/contract/cardea/changes'
import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import type { Event } from './event.ts'

type ChangeRow = {
  sequence: number
  at: number
  type: string
  scope: string
  resource: string
  name: string
  version: string | null
  label: string | null
  target: string | null
}
type Tables = { change: ChangeRow; head: { epoch: number; sequence: number } }

const insertChange = statement<Tables, ChangeRow>((db, given) =>
  db.insertInto('change').values({
    sequence: given('sequence'),
    at: given('at'),
    type: given('type'),
    scope: given('scope'),
    resource: given('resource'),
    name: given('name'),
    version: given('version'),
    label: given('label'),
    target: given('target'),
  }),
)
const after = statement<Tables, { scope: string; after: number; limit: number }, ChangeRow>((db, given) =>
  db
    .selectFrom('change')
    .selectAll()
    .where('scope', '=', given('scope'))
    .where('sequence', '>', given('after'))
    .orderBy('sequence')
    .limit(given('limit')),
)
export async function addChange(sql: Sql, event: Event & { sequence: number; at: Instant }): Promise<void> {
  const { version = null, label = null, target = null } = event
  await insertChange.changed(sql, { ...event, version, label, target })
}

/** A change, and the secret that one has to be allowed to read to be told of it. */
export type KeptChange = { readonly told: Change; readonly target: string | undefined }

export async function changesAfter(sql: Sql, scope: string, sequence: number, limit: number): Promise<KeptChange[]> {
  return (await after.all(sql, { scope, after: sequence, limit })).map((row) => ({
    target: row.target ?? undefined,
    told: {
      sequence: row.sequence,
      at: row.at,
      type: row.type as ChangeType,
      resource: row.resource,
      name: row.name,
      ...(row.version !== null && { version: row.version }),
      ...(row.label !== null && { label: row.label }),
    },
  }))
}

const removeChanges = statement<Tables, { scope: string }>((db, given) =>
  db.deleteFrom('change').where('scope', '=', given('scope')),
)
export async function removeChangesIn(sql: Sql, scope: string): Promise<void> {
  await removeChanges.changed(sql, { scope })
}

const headNow = statement<Tables, Record<never, never>, { epoch: number }>((db) =>
  db.selectFrom('head').select('epoch'),
)
/** The epoch of access as it is committed now. */
export const headEpoch = async (sql: Sql): Promise<number> => (await headNow.first(sql, {}))?.epoch ?? 0
