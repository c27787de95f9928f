import { type Sql, statement } from '#base/sql.ts'

type Row = { scope_key: string; kind: string; closed: number; policies: string; proof: Uint8Array }
type Tables = { permission_model: Row }

const one = statement<Tables, { scope_key: string }, Row>((db, given) =>
  db.selectFrom('permission_model').selectAll().where('scope_key', '=', given('scope_key')),
)
const keep = statement<Tables, Row>((db, given) =>
  db
    .insertInto('permission_model')
    .values({
      scope_key: given('scope_key'),
      kind: given('kind'),
      closed: given('closed'),
      policies: given('policies'),
      proof: given('proof'),
    })
    .onConflict((conflict) =>
      conflict.column('scope_key').doUpdateSet({
        kind: given('kind'),
        closed: given('closed'),
        policies: given('policies'),
        proof: given('proof'),
      }),
    ),
)
const remove = statement<Tables, { scope_key: string }>((db, given) =>
  db.deleteFrom('permission_model').where('scope_key', '=', given('scope_key')),
)

const naming = statement<Tables, { pattern: string }, Pick<Row, 'scope_key'>>((db, given) =>
  db
    .selectFrom('permission_model')
    .select('scope_key')
    .where((row) => row(row.fn<string>('lower', ['policies']), 'like', given('pattern')))
    .limit(1),
)

export type KeptModel = {
  readonly scopeKey: string
  readonly kind: string
  readonly closed: boolean
  /** JSON. */
  readonly policies: string
}

export async function keptModel(
  sql: Sql,
  scopeKey: string,
): Promise<{ readonly model: KeptModel; readonly proof: Uint8Array } | undefined> {
  const row = await one.first(sql, { scope_key: scopeKey })
  return (
    row && { model: { scopeKey, kind: row.kind, closed: row.closed === 1, policies: row.policies }, proof: row.proof }
  )
}

export async function keepModelRow(
  sql: Sql,
  { scopeKey, kind, closed, policies }: KeptModel,
  proof: Uint8Array,
): Promise<void> {
  await keep.changed(sql, { scope_key: scopeKey, kind, closed: closed ? 1 : 0, policies, proof })
}

export async function removeModelRow(sql: Sql, scopeKey: string): Promise<void> {
  await remove.changed(sql, { scope_key: scopeKey })
}

/** Whether the access policies of any vault name this principal. */
export const policyNames = async (sql: Sql, principal: string): Promise<boolean> =>
  (await naming.first(sql, { pattern: `%"${principal}"%` })) !== undefined
