import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import type { Link } from './chain.ts'

type SeriesRow = { writer: string; began: number; key: Uint8Array; checked: number }
type TurnRow = {
  writer: string
  first: number
  last: number
  at: number
  entries: string
  link: Uint8Array
  proof: Uint8Array
}
type SignerRow = { one: number; public_key: string; sealed: Uint8Array }
type CheckpointRow = { number: number; body: string; signature: Uint8Array }
type Tables = {
  audit_series: SeriesRow
  audit_turn: TurnRow
  audit_signer: SignerRow
  audit_checkpoint: CheckpointRow
}

const insertSeries = statement<Tables, SeriesRow>((db, given) =>
  db.insertInto('audit_series').values({
    writer: given('writer'),
    began: given('began'),
    key: given('key'),
    checked: given('checked'),
  }),
)
const insertTurn = statement<Tables, TurnRow>((db, given) =>
  db.insertInto('audit_turn').values({
    writer: given('writer'),
    first: given('first'),
    last: given('last'),
    at: given('at'),
    entries: given('entries'),
    link: given('link'),
    proof: given('proof'),
  }),
)

const allSeries = statement<Tables, Record<never, never>, SeriesRow>((db) =>
  db.selectFrom('audit_series').selectAll().orderBy('began').orderBy('writer'),
)
// A series moved when it has a turn beyond what its last checkpoint saw.
const moved = statement<Tables, Record<never, never>, SeriesRow>((db) =>
  db
    .selectFrom('audit_series')
    .selectAll()
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('audit_turn')
          .select('audit_turn.writer')
          .whereRef('audit_turn.writer', '=', 'audit_series.writer')
          .whereRef('audit_turn.first', '>', 'audit_series.checked'),
      ),
    )
    .orderBy('writer'),
)
const lastTurn = statement<Tables, { writer: string }, Pick<TurnRow, 'last' | 'link'>>((db, given) =>
  db
    .selectFrom('audit_turn')
    .select(['last', 'link'])
    .where('writer', '=', given('writer'))
    .orderBy('first', 'desc')
    .limit(1),
)
const someTurns = statement<Tables, { writer: string; after: number; limit: number }, TurnRow>((db, given) =>
  db
    .selectFrom('audit_turn')
    .selectAll()
    .where('writer', '=', given('writer'))
    .where('first', '>', given('after'))
    .orderBy('first')
    .limit(given('limit')),
)
const strayTurns = statement<Tables, Record<never, never>, { writer: string }>((db) =>
  db
    .selectFrom('audit_turn')
    .select('writer')
    .distinct()
    .where('writer', 'not in', (series) => series.selectFrom('audit_series').select('writer')),
)
const setChecked = statement<Tables, { writer: string; checked: number }>((db, given) =>
  db
    .updateTable('audit_series')
    .set({ checked: given('checked') })
    .where('writer', '=', given('writer')),
)
const insertSigner = statement<Tables, SignerRow>((db, given) =>
  db.insertInto('audit_signer').values({ one: given('one'), public_key: given('public_key'), sealed: given('sealed') }),
)
const oneSigner = statement<Tables, Record<never, never>, SignerRow>((db) => db.selectFrom('audit_signer').selectAll())
const insertCheckpoint = statement<Tables, CheckpointRow>((db, given) =>
  db
    .insertInto('audit_checkpoint')
    .values({ number: given('number'), body: given('body'), signature: given('signature') }),
)
const newestCheckpoint = statement<Tables, Record<never, never>, CheckpointRow>((db) =>
  db.selectFrom('audit_checkpoint').selectAll().orderBy('number', 'desc').limit(1),
)
const allCheckpoints = statement<Tables, Record<never, never>, CheckpointRow>((db) =>
  db.selectFrom('audit_checkpoint').selectAll().orderBy('number'),
)

export async function addSeries(sql: Sql, writer: string, key: Uint8Array, began: Instant): Promise<void> {
  await insertSeries.changed(sql, { writer, began, key, checked: 0 })
}

export async function addLink(sql: Sql, link: Link): Promise<void> {
  await insertTurn.changed(sql, link)
}

export type KeptSeries = SeriesRow
export const seriesIn = (sql: Sql): Promise<KeptSeries[]> => allSeries.all(sql, {})

export const movedSeries = async (sql: Sql): Promise<string[]> => (await moved.all(sql, {})).map(({ writer }) => writer)

/** Where a series stands; undefined before its first turn. */
export const headOfSeries = (sql: Sql, writer: string): Promise<Pick<Link, 'last' | 'link'> | undefined> =>
  lastTurn.first(sql, { writer })

/** Some turns of a series, in order, from the one that begins after a number. */
export const turnsAfter = (sql: Sql, writer: string, after: number, limit: number): Promise<Link[]> =>
  someTurns.all(sql, { writer, after, limit })

/** Writers that have turns but no series. */
export const strays = async (sql: Sql): Promise<string[]> => (await strayTurns.all(sql, {})).map(({ writer }) => writer)

export async function markChecked(sql: Sql, writer: string, checked: number): Promise<void> {
  await setChecked.changed(sql, { writer, checked })
}

type KeptSigner = { readonly publicKey: string; readonly sealed: Uint8Array }
export async function addSigner(sql: Sql, { publicKey, sealed }: KeptSigner): Promise<void> {
  await insertSigner.changed(sql, { one: 1, public_key: publicKey, sealed })
}
export async function signerIn(sql: Sql): Promise<KeptSigner | undefined> {
  const row = await oneSigner.first(sql, {})
  return row && { publicKey: row.public_key, sealed: row.sealed }
}

export type KeptCheckpoint = CheckpointRow
export async function addCheckpoint(sql: Sql, checkpoint: KeptCheckpoint): Promise<void> {
  await insertCheckpoint.changed(sql, checkpoint)
}
export const lastCheckpoint = (sql: Sql): Promise<KeptCheckpoint | undefined> => newestCheckpoint.first(sql, {})
export const checkpointsIn = (sql: Sql): Promise<KeptCheckpoint[]> => allCheckpoints.all(sql, {})
