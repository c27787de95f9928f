import type { Kysely } from 'kysely'
import type { Instant } from '#base/clock.ts'
import { query, type Sql, statement } from '#base/sql.ts'
import { type Change, type Deletion, nameKey, type ObjectKind, type ObjectVersion } from './object.ts'

/** A name: its spelling, its latest version, whether it is deleted, and what is under way with it. */
type HeadRow = {
  vault: string
  name_key: string
  name: string
  version: string
  deleted: number | null
  purge: number | null
  settling: Change | null
  managed: number
}
/** What the versions of every kind have; each has columns of its own beside these. */
export type VersionRow = {
  vault: string
  name_key: string
  version: string
  sealed: Uint8Array
  tags: string
  enabled: number
  not_before: number | null
  expires: number | null
  created: number
  updated: number
}
/** The names of a kind's two tables stand in the place of these. */
type Tables = { head: HeadRow; version: VersionRow }

/** A version with the name that its head spells. */
type Joined = Omit<VersionRow, 'vault' | 'name_key'> & { name: string; managed?: number }
type Listed = Omit<Joined, 'sealed'> & { deleted: number | null; purge: number | null }
const common = [
  'h.name',
  'v.version',
  'v.tags',
  'v.enabled',
  'v.not_before',
  'v.expires',
  'v.created',
  'v.updated',
] as const

export type Head = {
  readonly name: string
  readonly version: string
  readonly deletion: Deletion | undefined
  readonly settling: Change | undefined
  /** Whether it belongs to a certificate. */
  readonly managed: boolean
}
/** A version, and what it holds: sealed to its place. */
export type Kept<V> = { readonly object: V; readonly sealed: Uint8Array }
/** A name whose latest version ends, and when. */
export type Expiring = {
  readonly vault: string
  readonly nameKey: string
  readonly name: string
  readonly version: string
  readonly expires: Instant
}
export type Slice = { readonly after: string | undefined; readonly limit: number }
/** A column of a kind's own without which a version isn't listed. */
type Having<Own> = { readonly having?: (keyof Own & string) | undefined }

/** How one kind of object is kept: in a table of names and one of versions. */
type Layout<V extends ObjectVersion, Own> = {
  readonly kind: ObjectKind
  readonly heads: string
  readonly versions: string
  /** The columns that its versions have beside those of all kinds. */
  readonly own: readonly (keyof Own & string)[]
  /** Whether its names may belong to certificates. */
  readonly manageable: boolean
  /** What a row adds to a version. */
  readonly read: (row: Own) => Omit<V, keyof ObjectVersion>
}

export type ObjectTables<V extends ObjectVersion> = Omit<
  ReturnType<typeof objectTables<V, never>>,
  'listHeads' | 'listVersions'
>

/**
 * The statements about names and versions that every kind of object has. A kind adds its own for what only its versions
 * have: how one is inserted, and how its attributes are kept.
 */
export function objectTables<V extends ObjectVersion, Own>({
  kind,
  heads,
  versions,
  own,
  manageable,
  read,
}: Layout<V, Own>) {
  const [head, version] = [heads as 'head', versions as 'version']
  const h = `${heads} as h` as 'head as h'
  const v = `${versions} as v` as 'version as v'
  const mark = manageable ? (['managed'] as const) : []
  const listed = [
    ...common,
    ...mark.map((column) => `h.${column}` as 'h.name'),
    ...own.map((column) => `v.${column}` as 'v.version'),
  ]
  const joined = [...listed, 'v.sealed' as const]
  type Name = { vault: string; name_key: string }

  /** Without those that belong to certificates. */
  const unmanaged = <Q extends { where(column: 'managed', is: '=', value: 0): Q }>(names: Q): Q =>
    manageable ? names.where('managed', '=', 0) : names

  /** Names with all their versions. */
  const withVersions = (db: Kysely<Tables>) =>
    db
      .selectFrom(h)
      .innerJoin(v, (join) => join.onRef('v.vault', '=', 'h.vault').onRef('v.name_key', '=', 'h.name_key'))
  /** Names with their latest version. */
  const withLatest = (db: Kysely<Tables>) =>
    db
      .selectFrom(h)
      .innerJoin(v, (join) =>
        join
          .onRef('v.vault', '=', 'h.vault')
          .onRef('v.name_key', '=', 'h.name_key')
          .onRef('v.version', '=', 'h.version'),
      )

  const headRow = statement<Tables, Name, Omit<HeadRow, 'vault' | 'name_key'>>(
    (db, given) =>
      db
        .selectFrom(head)
        .select(['name', 'version', 'deleted', 'purge', 'settling', ...mark])
        .where('vault', '=', given('vault'))
        .where('name_key', '=', given('name_key')) as never,
  )
  // The hot read: one head row by key, one version row by key.
  const latest = statement<Tables, Name, Joined>(
    (db, given) =>
      withLatest(db)
        .select(joined)
        .where('h.vault', '=', given('vault'))
        .where('h.name_key', '=', given('name_key'))
        .where('h.deleted', 'is', null) as never,
  )
  const one = statement<Tables, Name & { version: string }, Joined>(
    (db, given) =>
      withVersions(db)
        .select(joined)
        .where('h.vault', '=', given('vault'))
        .where('h.name_key', '=', given('name_key'))
        .where('v.version', '=', given('version'))
        .where('h.deleted', 'is', null) as never,
  )
  type Gone = Joined & { deleted: number; purge: number; settling: Change | null }
  const gone = statement<Tables, Name, Gone>(
    (db, given) =>
      withLatest(db)
        .select([...joined, 'h.deleted', 'h.purge', 'h.settling'])
        .where('h.vault', '=', given('vault'))
        .where('h.name_key', '=', given('name_key'))
        .where('h.deleted', 'is not', null) as never,
  )
  const upsertHead = statement<Tables, Name & { name: string; version: string; managed: number }>((db, given) =>
    db
      .insertInto(head)
      .values({
        vault: given('vault'),
        name_key: given('name_key'),
        name: given('name'),
        version: given('version'),
        deleted: null,
        purge: null,
        settling: null,
        ...(manageable && { managed: given('managed') }),
      } as never)
      .onConflict((conflict) => conflict.columns(['vault', 'name_key']).doUpdateSet({ version: given('version') })),
  )
  const markHead = statement<Tables, Pick<HeadRow, 'vault' | 'name_key' | 'deleted' | 'purge' | 'settling'>>(
    (db, given) =>
      db
        .updateTable(head)
        .set({ deleted: given('deleted'), purge: given('purge'), settling: given('settling') })
        .where('vault', '=', given('vault'))
        .where('name_key', '=', given('name_key')),
  )
  const dropOf = (table: 'head' | 'version') =>
    statement<Tables, Name>((db, given) =>
      db.deleteFrom(table).where('vault', '=', given('vault')).where('name_key', '=', given('name_key')),
    )
  const dropIn = (table: 'head' | 'version') =>
    statement<Tables, { vault: string }>((db, given) => db.deleteFrom(table).where('vault', '=', given('vault')))
  const [dropHead, dropVersions, dropHeadsIn, dropVersionsIn] = [
    dropOf(head),
    dropOf(version),
    dropIn(head),
    dropIn(version),
  ]
  // What belongs to a certificate is purged with it, and ends with it.
  const waiting = statement<Tables, { vault: string }, { name_key: string; purge: number }>(
    (db, given) =>
      unmanaged(db.selectFrom(head))
        .select(['name_key', 'purge'])
        .where('vault', '=', given('vault'))
        .where('purge', 'is not', null) as never,
  )
  /** Names in use whose latest version ends. */
  const expiring = (db: Kysely<Tables>) =>
    unmanaged(withLatest(db))
      .select(['h.vault', 'h.name_key as nameKey', 'h.name', 'h.version', 'v.expires'])
      .where('h.deleted', 'is', null)
      .where('v.enabled', '=', 1)
  const endingSoon = statement<Tables, { until: number; limit: number }, Expiring>(
    (db, given) =>
      expiring(db).where('v.expires', '<=', given('until')).orderBy('v.expires').limit(given('limit')) as never,
  )
  const endingHere = statement<Tables, { vault: string }, Expiring>(
    (db, given) => expiring(db).where('h.vault', '=', given('vault')).where('v.expires', 'is not', null) as never,
  )

  const objectOf = (row: Omit<Joined, 'sealed'>): V =>
    ({
      name: row.name,
      version: row.version,
      tags: row.tags === '' ? undefined : (JSON.parse(row.tags) as Record<string, string>),
      enabled: row.enabled === 1,
      notBefore: row.not_before ?? undefined,
      expires: row.expires ?? undefined,
      created: row.created,
      updated: row.updated,
      managed: row.managed === 1,
      ...read(row as Own),
    }) as unknown as V
  const keptOf = (row: Joined): Kept<V> => ({ object: objectOf(row), sealed: row.sealed })
  const sought = async (sql: Sql, { version: id, ...name }: Name & { version: string | undefined }) => {
    const row = id === undefined ? await latest.first(sql, name) : await one.first(sql, { ...name, version: id })
    return row && keptOf(row)
  }
  const live = (db: Kysely<Tables>, vault: string, name: string) =>
    withVersions(db)
      .where('h.vault', '=', vault)
      .where('h.name_key', '=', nameKey(name))
      .where('h.deleted', 'is', null)
      .orderBy('v.version')

  return {
    /** How a name stands: its spelling, its latest version, whether it is deleted, and what is under way with it. */
    async headOf(sql: Sql, vault: string, name: string): Promise<Head | undefined> {
      const row = await headRow.first(sql, { vault, name_key: nameKey(name) })
      return (
        row && {
          name: row.name,
          version: row.version,
          deletion: deletionOf(row),
          settling: row.settling ?? undefined,
          managed: row.managed === 1,
        }
      )
    },

    /** A live version, the latest if none is named. The hot read: where nothing changes, its row is read once. */
    keptVersion(
      sql: Sql,
      vault: string,
      name: string,
      version: string | undefined,
    ): Kept<V> | undefined | Promise<Kept<V> | undefined> {
      const wanted = { vault, name_key: nameKey(name), version: version?.toLowerCase() }
      const { recall } = sql
      if (recall === undefined) return sought(sql, wanted)
      const key = `${kind} ${vault}/${wanted.name_key}/${wanted.version ?? ''}`
      return (recall.find(key) as Kept<V> | undefined) ?? recall.keep(key, () => sought(sql, wanted), bytesOf)
    },

    /** The latest version of a deleted name, and what is under way with it. */
    async deletedVersion(
      sql: Sql,
      vault: string,
      name: string,
    ): Promise<(Kept<V & Deletion> & { readonly settling: Change | undefined }) | undefined> {
      const row = await gone.first(sql, { vault, name_key: nameKey(name) })
      return (
        row && {
          object: { ...objectOf(row), deleted: row.deleted, purge: row.purge },
          sealed: row.sealed,
          settling: row.settling ?? undefined,
        }
      )
    },

    /** Makes a version that was inserted the latest of its name. */
    async makeLatest(sql: Sql, vault: string, { name, version: id, managed }: ObjectVersion): Promise<void> {
      await upsertHead.changed(sql, {
        ...{ vault, name_key: nameKey(name), name, version: id },
        ...(manageable && { managed: managed ? 1 : 0 }),
      } as never)
    },

    /** Marks a name as deleted, or, without a deletion, as live again; `settling` tells what of that isn't to be seen yet. */
    async markDeleted(
      sql: Sql,
      vault: string,
      name: string,
      deletion: Deletion | undefined,
      settling?: Change,
    ): Promise<void> {
      await markHead.changed(sql, {
        vault,
        name_key: nameKey(name),
        deleted: deletion?.deleted ?? null,
        purge: deletion?.purge ?? null,
        settling: settling ?? null,
      })
    },

    /** Takes all versions of a name away. */
    async removeVersions(sql: Sql, vault: string, name: string): Promise<void> {
      await dropVersions.changed(sql, { vault, name_key: nameKey(name) })
    },

    /** Frees a name that has no versions left. */
    async removeName(sql: Sql, vault: string, name: string): Promise<void> {
      await dropHead.changed(sql, { vault, name_key: nameKey(name) })
    },

    /** Latest versions in the order of their names, after one, at most `limit`: live ones or deleted ones. */
    async listHeads(
      sql: Sql,
      vault: string,
      { deleted, after, limit, having }: Slice & Having<Own> & { readonly deleted: boolean },
    ): Promise<(V & Partial<Deletion>)[]> {
      const rows = await query<Tables, Listed>(sql, (db) => {
        const all = withLatest(db)
          .select([...listed, 'h.deleted', 'h.purge'])
          .where('h.vault', '=', vault)
          .where('h.deleted', deleted ? 'is not' : 'is', null)
          // What is under way shows in neither list.
          .where('h.settling', 'is', null)
          .orderBy('h.name_key')
          .limit(limit)
        const listable = having === undefined ? all : all.where(`v.${having}` as 'v.version', 'is not', null)
        return (after === undefined ? listable : listable.where('h.name_key', '>', after)) as never
      })
      return rows.map((row) => ({ ...objectOf(row), ...deletionOf(row) }))
    },

    /** Versions of a live name in the order of their ids, after one, at most `limit`. */
    async listVersions(
      sql: Sql,
      vault: string,
      name: string,
      { after, limit, having }: Slice & Having<Own>,
    ): Promise<V[]> {
      const rows = await query<Tables, Listed>(sql, (db) => {
        const all = live(db, vault, name).select(listed).limit(limit)
        const listable = having === undefined ? all : all.where(`v.${having}` as 'v.version', 'is not', null)
        return (after === undefined ? listable : listable.where('v.version', '>', after)) as never
      })
      return rows.map(objectOf)
    },

    /** Versions of a live name with what they hold, in the order of their ids, at most `limit`. */
    async keptVersions(sql: Sql, vault: string, name: string, limit: number): Promise<Kept<V>[]> {
      const rows = await query<Tables, Joined>(sql, (db) => live(db, vault, name).select(joined).limit(limit) as never)
      return rows.map(keptOf)
    },

    /** The deleted names of a vault, and when each is to be purged. */
    async purgesIn(sql: Sql, vault: string): Promise<{ key: string; purge: Instant }[]> {
      return (await waiting.all(sql, { vault })).map(({ name_key, purge }) => ({ key: name_key, purge }))
    },

    /** Names in use whose latest version ends until a time; the first to end first. */
    expiringUntil: (sql: Sql, until: Instant, limit: number): Promise<Expiring[]> =>
      endingSoon.all(sql, { until, limit }),

    /** Names in use of a vault whose latest version ends at all, and when. */
    expiringIn: (sql: Sql, vault: string): Promise<Expiring[]> => endingHere.all(sql, { vault }),

    /** Takes all names of a vault away with all their versions. */
    async removeAllIn(sql: Sql, vault: string): Promise<void> {
      await dropVersionsIn.changed(sql, { vault })
      await dropHeadsIn.changed(sql, { vault })
    },
  }
}

/** The columns of all kinds that an update of a version may need: where it stands, and its attributes. */
export const columnsOf = (
  vault: string,
  { name, version, tags, enabled, notBefore, expires, updated }: ObjectVersion,
) => ({
  ...{ vault, name_key: nameKey(name), version },
  tags: tags === undefined ? '' : JSON.stringify(tags),
  enabled: enabled ? 1 : 0,
  not_before: notBefore ?? null,
  expires: expires ?? null,
  updated,
})

const deletionOf = ({ deleted, purge }: { deleted: number | null; purge: number | null }): Deletion | undefined =>
  deleted === null || purge === null ? undefined : { deleted, purge }

/** What it holds, and as much again as names, tags and the objects around them take. */
const bytesOf = ({ sealed }: Kept<unknown>): number => sealed.byteLength + 1024
