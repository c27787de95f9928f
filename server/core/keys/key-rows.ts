import { type Sql, statement } from '#base/sql.ts'
import type { ObjectVersion } from '#core/objects/object.ts'
import { columnsOf, objectTables, type VersionRow } from '#core/objects/object-tables.ts'

type Tables = { vault_key_version: VersionRow }

/** Names and versions of keys; what a version holds is sealed as a whole. */
export const keyTables = objectTables<ObjectVersion, object>({
  kind: 'key',
  heads: 'vault_key',
  versions: 'vault_key_version',
  own: [],
  manageable: true,
  read: () => ({}),
})

const insertVersion = statement<Tables, VersionRow>((db, given) =>
  db.insertInto('vault_key_version').values({
    vault: given('vault'),
    name_key: given('name_key'),
    version: given('version'),
    sealed: given('sealed'),
    tags: given('tags'),
    enabled: given('enabled'),
    not_before: given('not_before'),
    expires: given('expires'),
    created: given('created'),
    updated: given('updated'),
  }),
)
const updateVersion = statement<Tables, Omit<VersionRow, 'created'>>((db, given) =>
  db
    .updateTable('vault_key_version')
    .set({
      sealed: given('sealed'),
      tags: given('tags'),
      enabled: given('enabled'),
      not_before: given('not_before'),
      expires: given('expires'),
      updated: given('updated'),
    })
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key'))
    .where('version', '=', given('version')),
)

/** Adds a version and makes it the latest. */
export async function addVersion(sql: Sql, vault: string, key: ObjectVersion, sealed: Uint8Array): Promise<void> {
  await insertVersion.changed(sql, { ...rowOf(vault, key, sealed), created: key.created })
  await keyTables.makeLatest(sql, vault, key)
}

/** Keeps what has changed of a version. */
export async function keepVersion(sql: Sql, vault: string, key: ObjectVersion, sealed: Uint8Array): Promise<void> {
  await updateVersion.changed(sql, rowOf(vault, key, sealed))
}

const rowOf = (vault: string, key: ObjectVersion, sealed: Uint8Array) => ({
  ...columnsOf(vault, key),
  sealed,
})
