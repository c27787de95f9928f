import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type Row = {
  readonly resource_key: string
  readonly resource_id: string
  readonly location: string
  readonly tags: string
  readonly principal: string | null
  readonly proof: Uint8Array | null
  readonly created: number
  readonly updated: number
}
type Tables = { workload: Row }

/** A workload as it is kept. */
export type WorkloadRow = {
  readonly resourceId: string
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
  /** Who its programs are, as the row says, and the proof that we said so. */
  readonly identity: { readonly principal: string; readonly proof: Uint8Array } | undefined
  readonly created: Instant
  readonly updated: Instant
}

const byKey = statement<Tables, { resource_key: string }, Row>((db, given) =>
  db.selectFrom('workload').selectAll().where('resource_key', '=', given('resource_key')),
)
const byPrincipal = statement<Tables, { principal: string }, Row>((db, given) =>
  db.selectFrom('workload').selectAll().where('principal', '=', given('principal')),
)
/** The order of bytes decides what lies below a resource: `0` is the character after `/`. */
const below = statement<Tables, { from: string; to: string }, Row>((db, given) =>
  db
    .selectFrom('workload')
    .selectAll()
    .where('resource_key', '>=', given('from'))
    .where('resource_key', '<', given('to'))
    .orderBy('resource_key'),
)
const keep = statement<Tables, Row>((db, given) =>
  db
    .insertInto('workload')
    .values({
      resource_key: given('resource_key'),
      resource_id: given('resource_id'),
      location: given('location'),
      tags: given('tags'),
      principal: given('principal'),
      proof: given('proof'),
      created: given('created'),
      updated: given('updated'),
    })
    .onConflict((conflict) =>
      conflict.column('resource_key').doUpdateSet({
        tags: given('tags'),
        principal: given('principal'),
        proof: given('proof'),
        updated: given('updated'),
      }),
    ),
)
const remove = statement<Tables, { resource_key: string }>((db, given) =>
  db.deleteFrom('workload').where('resource_key', '=', given('resource_key')),
)

const workloadOf = ({ resource_id, location, tags, principal, proof, created, updated }: Row): WorkloadRow => ({
  resourceId: resource_id,
  location,
  tags: JSON.parse(tags),
  identity: principal === null || proof === null ? undefined : { principal, proof },
  created,
  updated,
})
const keyOf = (resourceId: string): string => resourceId.toLowerCase()
/** What is found by another's name is not there: a proof is made over the name, and rows are found by its key. */
const isWhole = ({ resource_id, resource_key }: Row): boolean => keyOf(resource_id) === resource_key
const maybe = (row: Row | undefined): WorkloadRow | undefined =>
  row !== undefined && isWhole(row) ? workloadOf(row) : undefined

export const workloadRow = async (sql: Sql, resourceId: string) =>
  maybe(await byKey.first(sql, { resource_key: keyOf(resourceId) }))

/** The workload that has this principal of its own. */
export const workloadRowOf = async (sql: Sql, principal: string) => maybe(await byPrincipal.first(sql, { principal }))

/** The workloads below a group or a subscription; by an empty scope, all. */
export async function workloadRowsBelow(sql: Sql, scope: string): Promise<WorkloadRow[]> {
  const key = keyOf(scope)
  return (await below.all(sql, { from: `${key}/`, to: `${key}0` })).filter(isWhole).map(workloadOf)
}
export async function keepWorkload(
  sql: Sql,
  { resourceId, location, tags, identity, created, updated }: WorkloadRow,
): Promise<void> {
  await keep.changed(sql, {
    resource_key: keyOf(resourceId),
    resource_id: resourceId,
    location,
    tags: JSON.stringify(tags),
    principal: identity?.principal ?? null,
    proof: identity?.proof ?? null,
    created,
    updated,
  })
}
export async function deleteWorkloadRow(sql: Sql, resourceId: string): Promise<void> {
  await remove.changed(sql, { resource_key: keyOf(resourceId) })
}
