import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import type { RoleAssignment } from './grant.ts'

/** An assignment, and the keyed hash that proves it ours. */
export type ProvenAssignment = RoleAssignment & { readonly proof: Uint8Array }
type Row = ProvenAssignment & { readonly scope_key: string; readonly created: number }
type Tables = { role_assignment: Row }

const ofPrincipal = statement<Tables, { principal: string }, ProvenAssignment>((db, given) =>
  db
    .selectFrom('role_assignment')
    .select(['id', 'principal', 'role', 'scope', 'proof'])
    .where('principal', '=', given('principal'))
    .orderBy('id'),
)
const insert = statement<Tables, Row>((db, given) =>
  db
    .insertInto('role_assignment')
    .values({
      id: given('id'),
      principal: given('principal'),
      role: given('role'),
      scope: given('scope'),
      scope_key: given('scope_key'),
      proof: given('proof'),
      created: given('created'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)
const remove = statement<Tables, { id: string }>((db, given) =>
  db.deleteFrom('role_assignment').where('id', '=', given('id')),
)

export const assignmentsOf = (sql: Sql, principal: string): Promise<ProvenAssignment[]> =>
  ofPrincipal.all(sql, { principal })

/** Adds an assignment; false when the same one exists already. */
export async function addAssignment(sql: Sql, given: ProvenAssignment, created: Instant): Promise<boolean> {
  return (await insert.changed(sql, { ...given, scope_key: given.scope.toLowerCase(), created })) === 1
}

/** Takes an assignment away; false when there was none. */
export const removeAssignment = async (sql: Sql, id: string): Promise<boolean> =>
  (await remove.changed(sql, { id })) === 1
