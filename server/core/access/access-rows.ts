import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import type { RoleAssignment } from './grant.ts'

/** An assignment as it is kept: with what it says of itself, and the keyed hash that proves it ours. */
export type KeptAssignment = RoleAssignment & {
  /** What the principal is, in Azure's words; absent where nobody said. */
  readonly kind?: string | undefined
  readonly description?: string | undefined
  readonly created: Instant
  readonly createdBy?: string | undefined
  readonly updated: Instant
  readonly updatedBy?: string | undefined
  readonly proof: Uint8Array
}
type Row = {
  readonly id: string
  readonly principal: string
  readonly role: string
  readonly scope: string
  readonly scope_key: string
  readonly proof: Uint8Array
  readonly created: number
  readonly kind: string | null
  readonly description: string | null
  readonly condition: string | null
  readonly created_by: string | null
  readonly updated: number | null
  readonly updated_by: string | null
}
type Tables = { role_assignment: Row }

const ofPrincipal = statement<Tables, { principal: string }, Row>((db, given) =>
  db.selectFrom('role_assignment').selectAll().where('principal', '=', given('principal')).orderBy('id'),
)
const ofRole = statement<Tables, { role: string }, Row>((db, given) =>
  db.selectFrom('role_assignment').selectAll().where('role', '=', given('role')).orderBy('id'),
)
const byId = statement<Tables, { id: string }, Row>((db, given) =>
  db.selectFrom('role_assignment').selectAll().where('id', '=', given('id')),
)
const same = statement<Tables, Pick<Row, 'principal' | 'role' | 'scope_key'>, Row>((db, given) =>
  db
    .selectFrom('role_assignment')
    .selectAll()
    .where('principal', '=', given('principal'))
    .where('role', '=', given('role'))
    .where('scope_key', '=', given('scope_key')),
)
type Range = { readonly scope: string; readonly from: string; readonly to: string }
/** A scope, and the ids below it: `0` comes next after `/`, so that between the two lie all that begin with it and a slash. */
function rangeWithin(scope: string): Range {
  const key = scope.toLowerCase()
  return key === '/' ? { scope: key, from: '/', to: '0' } : { scope: key, from: `${key}/`, to: `${key}0` }
}
const within = statement<Tables, Range, Row>((db, given) =>
  db
    .selectFrom('role_assignment')
    .selectAll()
    .where((is) =>
      is.or([
        is('scope_key', '=', given('scope')),
        is.and([is('scope_key', '>=', given('from')), is('scope_key', '<', given('to'))]),
      ]),
    )
    .orderBy('scope_key')
    .orderBy('id'),
)
const removeWithin = statement<Tables, Range>((db, given) =>
  db
    .deleteFrom('role_assignment')
    .where((is) =>
      is.or([
        is('scope_key', '=', given('scope')),
        is.and([is('scope_key', '>=', given('from')), is('scope_key', '<', given('to'))]),
      ]),
    ),
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
      kind: given('kind'),
      description: given('description'),
      condition: given('condition'),
      created_by: given('created_by'),
      updated: given('updated'),
      updated_by: given('updated_by'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)
type Saying = Pick<Row, 'id' | 'description' | 'condition' | 'proof' | 'updated' | 'updated_by'>
const say = statement<Tables, Saying>((db, given) =>
  db
    .updateTable('role_assignment')
    .set({
      description: given('description'),
      condition: given('condition'),
      proof: given('proof'),
      updated: given('updated'),
      updated_by: given('updated_by'),
    })
    .where('id', '=', given('id')),
)
const remove = statement<Tables, { id: string }>((db, given) =>
  db.deleteFrom('role_assignment').where('id', '=', given('id')),
)

const removeFrom = statement<Tables, { principal: string }>((db, given) =>
  db.deleteFrom('role_assignment').where('principal', '=', given('principal')),
)

const assignmentIn = (row: Row): KeptAssignment => ({
  id: row.id,
  principal: row.principal,
  role: row.role,
  scope: row.scope,
  condition: row.condition ?? undefined,
  kind: row.kind ?? undefined,
  description: row.description ?? undefined,
  created: row.created,
  createdBy: row.created_by ?? undefined,
  updated: row.updated ?? row.created,
  updatedBy: row.updated_by ?? row.created_by ?? undefined,
  proof: row.proof,
})

export const assignmentsOf = async (sql: Sql, principal: string): Promise<KeptAssignment[]> =>
  (await ofPrincipal.all(sql, { principal })).map(assignmentIn)

export const assignmentsOfRole = async (sql: Sql, role: string): Promise<KeptAssignment[]> =>
  (await ofRole.all(sql, { role })).map(assignmentIn)

export async function assignmentById(sql: Sql, id: string): Promise<KeptAssignment | undefined> {
  const row = await byId.first(sql, { id })
  return row && assignmentIn(row)
}

/** The assignment of the same role to the same principal at the same scope. */
export async function sameAssignment(
  sql: Sql,
  { principal, role, scope }: Pick<RoleAssignment, 'principal' | 'role' | 'scope'>,
): Promise<KeptAssignment | undefined> {
  const row = await same.first(sql, { principal, role, scope_key: scope.toLowerCase() })
  return row && assignmentIn(row)
}

/** Assignments at a scope, and below it. */
export const assignmentsWithin = async (sql: Sql, scope: string): Promise<KeptAssignment[]> =>
  (await within.all(sql, rangeWithin(scope))).map(assignmentIn)

/** Assignments at exactly this scope. */
export const assignmentsAt = async (sql: Sql, scope: string): Promise<KeptAssignment[]> => {
  const key = scope.toLowerCase()
  return (await within.all(sql, { scope: key, from: '', to: '' })).map(assignmentIn)
}

/** Adds an assignment; false when the same one exists already. */
export async function addAssignment(sql: Sql, given: KeptAssignment): Promise<boolean> {
  const row: Row = {
    id: given.id,
    principal: given.principal,
    role: given.role,
    scope: given.scope,
    scope_key: given.scope.toLowerCase(),
    proof: given.proof,
    created: given.created,
    kind: given.kind ?? null,
    description: given.description ?? null,
    condition: given.condition ?? null,
    created_by: given.createdBy ?? null,
    updated: given.updated,
    updated_by: given.updatedBy ?? null,
  }
  return (await insert.changed(sql, row)) === 1
}

/** Gives an assignment other words and another condition; who, what and where stay. */
export async function sayAssignment(sql: Sql, given: KeptAssignment): Promise<void> {
  await say.changed(sql, {
    id: given.id,
    description: given.description ?? null,
    condition: given.condition ?? null,
    proof: given.proof,
    updated: given.updated,
    updated_by: given.updatedBy ?? null,
  })
}

/** Takes an assignment away; false when there was none. */
export const removeAssignment = async (sql: Sql, id: string): Promise<boolean> =>
  (await remove.changed(sql, { id })) === 1

const removeAt = statement<Tables, { scope_key: string }>((db, given) =>
  db.deleteFrom('role_assignment').where('scope_key', '=', given('scope_key')),
)
/** Takes away all assignments at exactly a scope. */
export async function removeAssignmentsAt(sql: Sql, scope: string): Promise<void> {
  await removeAt.changed(sql, { scope_key: scope.toLowerCase() })
}

/** Takes away all assignments at a scope and below it. */
export async function removeAssignmentsWithin(sql: Sql, scope: string): Promise<void> {
  await removeWithin.changed(sql, rangeWithin(scope))
}

/** Takes all of a principal's assignments away. */
export async function removeAssignmentsOf(sql: Sql, principal: string): Promise<void> {
  await removeFrom.changed(sql, { principal })
}
