import type { Kysely } from 'kysely'
import type { Instant } from '#base/clock.ts'
import { query, type Sql, statement } from '#base/sql.ts'
import { type Change, type Deletion, nameKey, type SecretVersion } from './secret.ts'

type HeadRow = {
  vault: string
  name_key: string
  name: string
  version: string
  deleted: number | null
  purge: number | null
  settling: Change | null
}
type VersionRow = {
  vault: string
  name_key: string
  version: string
  sealed: Uint8Array
  content_type: string | null
  tags: string
  enabled: number
  not_before: number | null
  expires: number | null
  created: number
  updated: number
  previous: string | null
  rotation: string | null
}
type Tables = { secret: HeadRow; secret_version: VersionRow }

/** A version with the name that its head spells. */
type Joined = Pick<
  VersionRow,
  | 'version'
  | 'sealed'
  | 'content_type'
  | 'tags'
  | 'enabled'
  | 'not_before'
  | 'expires'
  | 'created'
  | 'updated'
  | 'previous'
> & {
  name: string
}
const joined = [
  'h.name',
  'v.version',
  'v.sealed',
  'v.content_type',
  'v.tags',
  'v.enabled',
  'v.not_before',
  'v.expires',
  'v.created',
  'v.updated',
  'v.previous',
] as const

const head = statement<Tables, { vault: string; name_key: string }, Omit<HeadRow, 'vault' | 'name_key'>>((db, given) =>
  db
    .selectFrom('secret')
    .select(['name', 'version', 'deleted', 'purge', 'settling'])
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key')),
)
// The hot read: one head row by key, one version row by key.
const latest = statement<Tables, { vault: string; name_key: string }, Joined>((db, given) =>
  db
    .selectFrom('secret as h')
    .innerJoin('secret_version as v', (join) =>
      join.onRef('v.vault', '=', 'h.vault').onRef('v.name_key', '=', 'h.name_key').onRef('v.version', '=', 'h.version'),
    )
    .select(joined)
    .where('h.vault', '=', given('vault'))
    .where('h.name_key', '=', given('name_key'))
    .where('h.deleted', 'is', null),
)
const one = statement<Tables, { vault: string; name_key: string; version: string }, Joined>((db, given) =>
  db
    .selectFrom('secret as h')
    .innerJoin('secret_version as v', (join) =>
      join.onRef('v.vault', '=', 'h.vault').onRef('v.name_key', '=', 'h.name_key'),
    )
    .select(joined)
    .where('h.vault', '=', given('vault'))
    .where('h.name_key', '=', given('name_key'))
    .where('v.version', '=', given('version'))
    .where('h.deleted', 'is', null),
)
type Gone = Joined & { deleted: number; purge: number; settling: Change | null }
const gone = statement<Tables, { vault: string; name_key: string }, Gone>(
  (db, given) =>
    db
      .selectFrom('secret as h')
      .innerJoin('secret_version as v', (join) =>
        join
          .onRef('v.vault', '=', 'h.vault')
          .onRef('v.name_key', '=', 'h.name_key')
          .onRef('v.version', '=', 'h.version'),
      )
      .select([...joined, 'h.deleted', 'h.purge', 'h.settling'])
      .where('h.vault', '=', given('vault'))
      .where('h.name_key', '=', given('name_key'))
      .where('h.deleted', 'is not', null) as never,
)
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
const upsertHead = statement<Tables, { vault: string; name_key: string; name: string; version: string }>((db, given) =>
  db
    .insertInto('secret')
    .values({
      vault: given('vault'),
      name_key: given('name_key'),
      name: given('name'),
      version: given('version'),
      deleted: null,
      purge: null,
      settling: null,
    })
    .onConflict((conflict) => conflict.columns(['vault', 'name_key']).doUpdateSet({ version: given('version') })),
)
const updateAttributes = statement<
  Tables,
  Pick<
    VersionRow,
    'vault' | 'name_key' | 'version' | 'content_type' | 'tags' | 'enabled' | 'not_before' | 'expires' | 'updated'
  >
>((db, given) =>
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
const mark = statement<Tables, Pick<HeadRow, 'vault' | 'name_key' | 'deleted' | 'purge' | 'settling'>>((db, given) =>
  db
    .updateTable('secret')
    .set({ deleted: given('deleted'), purge: given('purge'), settling: given('settling') })
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key')),
)
const dropHead = statement<Tables, { vault: string; name_key: string }>((db, given) =>
  db.deleteFrom('secret').where('vault', '=', given('vault')).where('name_key', '=', given('name_key')),
)
const dropVersions = statement<Tables, { vault: string; name_key: string }>((db, given) =>
  db.deleteFrom('secret_version').where('vault', '=', given('vault')).where('name_key', '=', given('name_key')),
)

export type Kept = { readonly secret: SecretVersion; readonly sealed: Uint8Array }
export type Head = {
  readonly name: string
  readonly version: string
  readonly deletion: Deletion | undefined
  readonly settling: Change | undefined
}

/** How a name stands: its spelling, its latest version, whether it is deleted, and what is under way with it. */
export async function headOf(sql: Sql, vault: string, name: string): Promise<Head | undefined> {
  const row = await head.first(sql, { vault, name_key: nameKey(name) })
  return (
    row && {
      name: row.name,
      version: row.version,
      deletion: deletionOf(row),
      settling: row.settling ?? undefined,
    }
  )
}

/** A live version, the latest if none is named. The hot read: where nothing changes, its row is read once. */
export function keptVersion(
  sql: Sql,
  vault: string,
  name: string,
  version: string | undefined,
): Kept | undefined | Promise<Kept | undefined> {
  const sought = { vault, name_key: nameKey(name), version: version?.toLowerCase() }
  const { recall } = sql
  if (recall === undefined) return soughtVersion(sql, sought)
  const key = `secret ${vault}/${sought.name_key}/${sought.version ?? ''}`
  return (recall.find(key) as Kept | undefined) ?? recall.keep(key, () => soughtVersion(sql, sought), bytesOf)
}

async function soughtVersion(
  sql: Sql,
  { version, ...name }: { vault: string; name_key: string; version: string | undefined },
): Promise<Kept | undefined> {
  const row = version === undefined ? await latest.first(sql, name) : await one.first(sql, { ...name, version })
  return row && { secret: secretOf(row), sealed: row.sealed }
}

/** The value, and as much again as names, tags and the objects around them take. */
const bytesOf = ({ sealed }: Kept): number => sealed.byteLength + 1024

/** The latest version of a deleted name, and what is under way with it. */
export async function deletedVersion(
  sql: Sql,
  vault: string,
  name: string,
): Promise<{ readonly secret: SecretVersion & Deletion; readonly settling: Change | undefined } | undefined> {
  const row = await gone.first(sql, { vault, name_key: nameKey(name) })
  return (
    row && {
      secret: { ...secretOf(row), deleted: row.deleted, purge: row.purge },
      settling: row.settling ?? undefined,
    }
  )
}

/** Adds a version and makes it the latest. `rotation` is the one that made it, if one did. */
export async function addVersion(
  sql: Sql,
  vault: string,
  secret: SecretVersion,
  sealed: Uint8Array,
  rotation: string | undefined,
): Promise<void> {
  const name_key = nameKey(secret.name)
  await insertVersion.changed(sql, {
    ...attributesOf(secret),
    vault,
    name_key,
    version: secret.version,
    sealed,
    created: secret.created,
    previous: secret.previous ?? null,
    rotation: rotation ?? null,
  })
  await upsertHead.changed(sql, { vault, name_key, name: secret.name, version: secret.version })
}

export async function keepAttributes(sql: Sql, vault: string, secret: SecretVersion): Promise<void> {
  const key = { vault, name_key: nameKey(secret.name), version: secret.version }
  await updateAttributes.changed(sql, { ...key, ...attributesOf(secret) })
}

/** Marks a name as deleted, or, without a deletion, as live again; `settling` tells what of that isn't to be seen yet. */
export async function markDeleted(
  sql: Sql,
  vault: string,
  name: string,
  deletion: Deletion | undefined,
  settling?: Change,
): Promise<void> {
  await mark.changed(sql, {
    vault,
    name_key: nameKey(name),
    deleted: deletion?.deleted ?? null,
    purge: deletion?.purge ?? null,
    settling: settling ?? null,
  })
}

/** Takes all versions of a name away. */
export async function removeVersions(sql: Sql, vault: string, name: string): Promise<void> {
  await dropVersions.changed(sql, { vault, name_key: nameKey(name) })
}

/** Frees a name that has no versions left. */
export async function removeName(sql: Sql, vault: string, name: string): Promise<void> {
  await dropHead.changed(sql, { vault, name_key: nameKey(name) })
}

/** Latest versions in the order of their names, after one, at most `limit`: live ones or deleted ones. */
export async function listHeads(
  sql: Sql,
  vault: string,
  { deleted, after, limit }: { deleted: boolean; after: string | undefined; limit: number },
): Promise<(SecretVersion & Partial<Deletion>)[]> {
  const rows = await query<Tables, Joined & { deleted: number | null; purge: number | null }>(sql, (db) => {
    const all = db
      .selectFrom('secret as h')
      .innerJoin('secret_version as v', (join) =>
        join
          .onRef('v.vault', '=', 'h.vault')
          .onRef('v.name_key', '=', 'h.name_key')
          .onRef('v.version', '=', 'h.version'),
      )
      .select([...joined.filter((column) => column !== 'v.sealed'), 'h.deleted', 'h.purge'])
      .where('h.vault', '=', vault)
      .where('h.deleted', deleted ? 'is not' : 'is', null)
      // What is under way shows in neither list.
      .where('h.settling', 'is', null)
      .orderBy('h.name_key')
      .limit(limit)
    return (after === undefined ? all : all.where('h.name_key', '>', after)) as never
  })
  return rows.map((row) => ({ ...secretOf(row), ...deletionOf(row) }))
}

/** Versions of a live name in the order of their ids, after one, at most `limit`. */
export async function listVersions(
  sql: Sql,
  vault: string,
  name: string,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<SecretVersion[]> {
  const rows = await query<Tables, Joined>(sql, (db) => {
    const all = versionsOf(db, vault, name)
      .select(joined.filter((column) => column !== 'v.sealed'))
      .orderBy('v.version')
      .limit(limit)
    return (after === undefined ? all : all.where('v.version', '>', after)) as never
  })
  return rows.map(secretOf)
}

/** Versions of a live name with their sealed values, in the order of their ids, at most `limit`. */
export async function keptVersions(sql: Sql, vault: string, name: string, limit: number): Promise<Kept[]> {
  const rows = await query<Tables, Joined>(sql, (db) =>
    versionsOf(db, vault, name).select(joined).orderBy('v.version').limit(limit),
  )
  return rows.map((row) => ({ secret: secretOf(row), sealed: row.sealed }))
}

const versionsOf = (db: Kysely<Tables>, vault: string, name: string) =>
  db
    .selectFrom('secret as h')
    .innerJoin('secret_version as v', (join) =>
      join.onRef('v.vault', '=', 'h.vault').onRef('v.name_key', '=', 'h.name_key'),
    )
    .where('h.vault', '=', vault)
    .where('h.name_key', '=', nameKey(name))
    .where('h.deleted', 'is', null)

const deletionOf = ({ deleted, purge }: { deleted: number | null; purge: number | null }): Deletion | undefined =>
  deleted === null || purge === null ? undefined : { deleted, purge }

const secretOf = (row: Joined): SecretVersion => ({
  name: row.name,
  version: row.version,
  contentType: row.content_type ?? undefined,
  tags: row.tags === '' ? undefined : (JSON.parse(row.tags) as Record<string, string>),
  enabled: row.enabled === 1,
  notBefore: row.not_before ?? undefined,
  expires: row.expires ?? undefined,
  created: row.created,
  updated: row.updated,
  previous: row.previous ?? undefined,
})

const attributesOf = (secret: SecretVersion) => ({
  content_type: secret.contentType ?? null,
  tags: secret.tags === undefined ? '' : JSON.stringify(secret.tags),
  enabled: secret.enabled ? 1 : 0,
  not_before: secret.notBefore ?? null,
  expires: secret.expires ?? null,
  updated: secret.updated,
})

const waiting = statement<Tables, { vault: string }, { name_key: string; purge: number }>(
  (db, given) =>
    db
      .selectFrom('secret')
      .select(['name_key', 'purge'])
      .where('vault', '=', given('vault'))
      .where('purge', 'is not', null) as never,
)
const dropHeadsIn = statement<Tables, { vault: string }>((db, given) =>
  db.deleteFrom('secret').where('vault', '=', given('vault')),
)
const dropVersionsIn = statement<Tables, { vault: string }>((db, given) =>
  db.deleteFrom('secret_version').where('vault', '=', given('vault')),
)

/** The deleted names of a vault, and when each is to be purged. */
export const purgesIn = async (sql: Sql, vault: string): Promise<{ key: string; purge: Instant }[]> =>
  (await waiting.all(sql, { vault })).map(({ name_key, purge }) => ({ key: name_key, purge }))

/** Takes all names of a vault away with all their versions. */
export async function removeSecretsIn(sql: Sql, vault: string): Promise<void> {
  await dropVersionsIn.changed(sql, { vault })
  await dropHeadsIn.changed(sql, { vault })
}
