import { type Sql, statement } from '#base/sql.ts'

type Row = {
  readonly principal: string
  readonly resource_id: string
  readonly resource_key: string
  readonly location: string
  readonly tags: string
  readonly proof: Uint8Array | null
}
type Tables = { managed_identity: Row }
/** The Azure resource that a managed identity is. */
export type IdentityResource = {
  readonly principal: string
  readonly resourceId: string
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
}
/** It, and the proof that we gave it this principal. */
export type KeptIdentity = { readonly resource: IdentityResource; readonly proof: Uint8Array | undefined }

const byKey = statement<Tables, { resource_key: string }, Row>((db, given) =>
  db.selectFrom('managed_identity').selectAll().where('resource_key', '=', given('resource_key')),
)
const byPrincipal = statement<Tables, { principal: string }, Row>((db, given) =>
  db.selectFrom('managed_identity').selectAll().where('principal', '=', given('principal')),
)
/** The order of bytes decides what lies below a resource: `0` is the character after `/`. */
const below = statement<Tables, { from: string; to: string }, Row>((db, given) =>
  db
    .selectFrom('managed_identity')
    .selectAll()
    .where('resource_key', '>=', given('from'))
    .where('resource_key', '<', given('to'))
    .orderBy('resource_key'),
)
const insert = statement<Tables, Row>((db, given) =>
  db.insertInto('managed_identity').values({
    principal: given('principal'),
    resource_id: given('resource_id'),
    resource_key: given('resource_key'),
    location: given('location'),
    tags: given('tags'),
    proof: given('proof'),
  }),
)
const update = statement<Tables, { principal: string; tags: string }>((db, given) =>
  db
    .updateTable('managed_identity')
    .set({ tags: given('tags') })
    .where('principal', '=', given('principal')),
)
const remove = statement<Tables, { principal: string }>((db, given) =>
  db.deleteFrom('managed_identity').where('principal', '=', given('principal')),
)

const keptOf = (row: Row): KeptIdentity => ({
  resource: {
    principal: row.principal,
    resourceId: row.resource_id,
    location: row.location,
    tags: JSON.parse(row.tags),
  },
  proof: row.proof ?? undefined,
})
const maybe = (row: Row | undefined): KeptIdentity | undefined => row && keptOf(row)

export const identityRow = async (sql: Sql, resourceId: string) =>
  maybe(await byKey.first(sql, { resource_key: resourceId.toLowerCase() }))
export const identityRowOf = async (sql: Sql, principal: string) => maybe(await byPrincipal.first(sql, { principal }))
export async function identityRowsBelow(sql: Sql, scope: string): Promise<KeptIdentity[]> {
  const key = scope.toLowerCase()
  return (await below.all(sql, { from: `${key}/`, to: `${key}0` })).map(keptOf)
}
export async function insertIdentity(sql: Sql, { resource, proof }: KeptIdentity): Promise<void> {
  const { principal, resourceId, location, tags } = resource
  await insert.changed(sql, {
    principal,
    resource_id: resourceId,
    resource_key: resourceId.toLowerCase(),
    location,
    tags: JSON.stringify(tags),
    proof: proof ?? null,
  })
}
export async function updateIdentity(sql: Sql, { principal, tags }: IdentityResource): Promise<void> {
  await update.changed(sql, { principal, tags: JSON.stringify(tags) })
}
export async function deleteIdentity(sql: Sql, principal: string): Promise<void> {
  await remove.changed(sql, { principal })
}
