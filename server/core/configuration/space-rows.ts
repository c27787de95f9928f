import { type RawBuilder, sql as raw } from 'kysely'
import { type Sql, statement } from '#base/sql.ts'

/** What a row takes of its store: what its writer said, as it is kept. */
type Row = {
  readonly key: string
  readonly label: string
  readonly tags: string
  readonly sealed: Uint8Array | null
  readonly content_type: string | null
  readonly description: string | null
}
type Tables = { store_space: { store: string; bytes: number } }

/** The same as `bytesOf` below, of a row that is kept; both engines count an `octet` alike. */
export const bytesOfRow: RawBuilder<number> = raw`octet_length(key) + octet_length(label) + octet_length(tags)
  + coalesce(octet_length(sealed), 0) + coalesce(octet_length(content_type), 0) + coalesce(octet_length(description), 0)`

/** How many bytes a row takes of its store’s space. */
export const bytesOf = ({ key, label, tags, sealed, content_type, description }: Row): number =>
  [key, label, tags, content_type ?? '', description ?? ''].reduce((sum, text) => sum + Buffer.byteLength(text), 0) +
  (sealed?.length ?? 0)

const add = statement<Tables, { store: string; bytes: number }, { bytes: number }>((db, given) =>
  db
    .insertInto('store_space')
    .values({ store: given('store'), bytes: given('bytes') })
    .onConflict((conflict) =>
      conflict.column('store').doUpdateSet((row) => ({ bytes: row('store_space.bytes', '+', given('bytes')) })),
    )
    .returning('bytes'),
)
const one = statement<Tables, { store: string }, { bytes: number }>((db, given) =>
  db.selectFrom('store_space').select('bytes').where('store', '=', given('store')),
)
const remove = statement<Tables, { store: string }>((db, given) =>
  db.deleteFrom('store_space').where('store', '=', given('store')),
)

/** Counts what a store takes more, or less; returns what it takes then. */
export const takeSpace = async (sql: Sql, store: string, bytes: number): Promise<number> =>
  (await add.first(sql, { store, bytes }))?.bytes ?? bytes

/** How many bytes a store's settings, their history and its snapshots take. */
export const spaceTaken = async (sql: Sql, store: string): Promise<number> =>
  (await one.first(sql, { store }))?.bytes ?? 0

export async function forgetSpace(sql: Sql, store: string): Promise<void> {
  await remove.changed(sql, { store })
}
