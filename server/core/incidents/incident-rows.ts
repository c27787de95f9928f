import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import { directoryKey } from '#core/identity/principal.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import type { Incident } from './incident.ts'

type Row = {
  id: string
  scope: string
  sealed: Uint8Array
  progress: string
  started: number
  ended: number | null
}
type Tables = { incident: Row }
type Line = Pick<Row, 'id' | 'progress' | 'started' | 'ended'>

const insert = statement<Tables, Row>((db, given) =>
  db.insertInto('incident').values({
    id: given('id'),
    scope: given('scope'),
    sealed: given('sealed'),
    progress: given('progress'),
    started: given('started'),
    ended: given('ended'),
  }),
)
const update = statement<Tables, Pick<Row, 'id' | 'sealed' | 'progress' | 'ended'>>((db, given) =>
  db
    .updateTable('incident')
    .set({ sealed: given('sealed'), progress: given('progress'), ended: given('ended') })
    .where('id', '=', given('id')),
)
const one = statement<Tables, { id: string }, { sealed: Uint8Array }>((db, given) =>
  db.selectFrom('incident').select('sealed').where('id', '=', given('id')),
)
const latest = statement<Tables, { scope: string }, Line>((db, given) =>
  db
    .selectFrom('incident')
    .select(['id', 'progress', 'started', 'ended'])
    .where((row) => row(row.fn<string>('lower', ['scope']), '=', given('scope')))
    .orderBy('started', 'desc')
    .orderBy('id')
    .limit(1_000),
)

const placeOf = (id: string): string => `incident/${id}`

/**
 * Keeps an incident whole and sealed: it says in whose name what is rotated, and a row that somebody changes by hand
 * rotates nothing.
 */
export async function addIncident(sql: Sql, keyring: Keyring, incident: Incident): Promise<void> {
  const { id, question, started } = incident
  const sealed = await sealedOf(sql, keyring, incident)
  await insert.changed(sql, { id, scope: question.scope, sealed, progress: incident.state, started, ended: null })
}

export async function changeIncident(sql: Sql, keyring: Keyring, incident: Incident): Promise<void> {
  const sealed = await sealedOf(sql, keyring, incident)
  await update.changed(sql, { id: incident.id, sealed, progress: incident.state, ended: incident.ended ?? null })
}

const sealedOf = (sql: Sql, keyring: Keyring, incident: Incident): Promise<Buffer> =>
  keyring.seal(sql, directoryKey, JSON.stringify(incident), placeOf(incident.id))

export async function incidentWith(sql: Sql, keyring: Keyring, id: string): Promise<Incident | undefined> {
  const row = await one.first(sql, { id })
  return row && (JSON.parse(await keyring.unseal(sql, directoryKey, row.sealed, placeOf(id))) as Incident)
}

/** The latest incidents of a scope, whoever spells it how. */
export const latestIncidents = async (
  sql: Sql,
  scope: string,
): Promise<{ id: string; state: Incident['state']; started: Instant; ended: Instant | undefined }[]> =>
  (await latest.all(sql, { scope: scope.toLowerCase() })).map(({ progress, ended, ...row }) => ({
    ...row,
    state: progress as Incident['state'],
    ended: ended ?? undefined,
  }))
