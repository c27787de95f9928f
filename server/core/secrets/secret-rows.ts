import { type Sql, statement } from '#base/sql.ts'
import * as objects from '#core/objects/object-tables.ts'
import type { SecretVersion } from './secret.ts'

/** What a secret's version has beside what all objects' versions have. */
type Own = { content_type: string | null; previous: string | null }
type VersionRow = objects.VersionRow & Own & { rotation: string | null }
type Tables = { secret_version: VersionRow }

export type Kept = objects.Kept<SecretVersion>

/** Names and versions of secrets. */
export const secretTables = objects.objectTables<SecretVersion, Own>({
  kind: 'secret',
  heads: 'secret',
  versions: 'secret_version',
  own: ['content_type', 'previous'],
  manageable: true,
  read: (row) => ({ contentType: row.content_type ?? undefined, previous: row.previous ?? undefined }),
})

const insertVersion = statement<Tables, VersionRow>((db, given) =>
  db.insertInto('secret_version').values({
    vault: given('vault'),
    name_key: given('name_key'),
    version: given('version'),
    sealed: given('sealed'),
    content_type: given('content_type'),
    tags: given('tags'),
    enabled: given('enabled'),
    not_before: given('not_before'),
    expires: given('expires'),
    created: given('created'),
    updated: given('updated'),
    previous: given('previous'),
    rotation: given('rotation'),
  }),
)
const updateAttributes = statement<Tables, Omit<VersionRow, 'sealed' | 'created' | 'previous' | 'rotation'>>(
  (db, given) =>
    db
      .updateTable('secret_version')
      .set({
        content_type: given('content_type'),
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

/** Adds a version and makes it the latest. `rotation` is the one that made it, if one did. */
export async function addVersion(
  sql: Sql,
  vault: string,
  secret: SecretVersion,
  sealed: Uint8Array,
  rotation: string | undefined,
): Promise<void> {
  await insertVersion.changed(sql, {
    ...attributesOf(vault, secret),
    sealed,
    created: secret.created,
    previous: secret.previous ?? null,
    rotation: rotation ?? null,
  })
  await secretTables.makeLatest(sql, vault, secret)
}

/** Keeps what may change of a version: everything but its value. */
export async function keepAttributes(sql: Sql, vault: string, secret: SecretVersion): Promise<void> {
  await updateAttributes.changed(sql, attributesOf(vault, secret))
}

const attributesOf = (vault: string, secret: SecretVersion) => ({
  ...objects.columnsOf(vault, secret),
  content_type: secret.contentType ?? null,
})
