import { query, type Sql, statement } from '#base/sql.ts'
import type { Managed } from './managed.ts'
import { groupIn } from './resource-id.ts'

type Row = {
  name: string
  resource_id: string
  location: string
  retention_days: number
  purge_protection: number
  created: number
  sealing_key: string
  group_key: string
  tags: string
  profile: string
  updated: number
  deleted: number | null
  purge: number | null
}
type Table = 'vault' | 'store'
type Tables = Record<Table, Row>

/** What only one of them has and nothing else depends on: kept as JSON. */
type Profile<T, P> = {
  readonly written: (resource: T) => P
  readonly read: (managed: Managed, profile: P) => T
}

/** How vaults, and stores, are kept: in two tables of the same columns. */
export function managedRows<T extends Managed, P extends object>(table: Table, { written, read }: Profile<T, P>) {
  const insert = statement<Tables, Omit<Row, 'deleted' | 'purge'>>((db, given) =>
    db.insertInto(table).values({
      name: given('name'),
      resource_id: given('resource_id'),
      location: given('location'),
      retention_days: given('retention_days'),
      purge_protection: given('purge_protection'),
      created: given('created'),
      sealing_key: given('sealing_key'),
      group_key: given('group_key'),
      tags: given('tags'),
      profile: given('profile'),
      updated: given('updated'),
      deleted: null,
      purge: null,
    }),
  )
  const one = statement<Tables, { name: string }, Row>((db, given) =>
    db.selectFrom(table).selectAll().where('name', '=', given('name')),
  )
  const change = statement<
    Tables,
    Pick<Row, 'name' | 'purge_protection' | 'tags' | 'profile' | 'updated' | 'deleted' | 'purge'>
  >((db, given) =>
    db
      .updateTable(table)
      .set({
        purge_protection: given('purge_protection'),
        tags: given('tags'),
        profile: given('profile'),
        updated: given('updated'),
        deleted: given('deleted'),
        purge: given('purge'),
      })
      .where('name', '=', given('name')),
  )
  const remove = statement<Tables, { name: string }>((db, given) =>
    db.deleteFrom(table).where('name', '=', given('name')),
  )

  const changeable = (resource: T) => ({
    purge_protection: resource.purgeProtection ? 1 : 0,
    tags: JSON.stringify(resource.tags),
    profile: JSON.stringify(written(resource)),
    updated: resource.updated,
  })
  const resourceOf = (row: Row): T =>
    read(
      {
        name: row.name,
        resourceId: row.resource_id,
        location: row.location,
        retentionDays: row.retention_days,
        purgeProtection: row.purge_protection === 1,
        sealingKey: row.sealing_key,
        tags: JSON.parse(row.tags),
        created: row.created,
        updated: row.updated,
        removal: row.deleted === null || row.purge === null ? undefined : { deleted: row.deleted, purge: row.purge },
      },
      JSON.parse(row.profile) as P,
    )

  return {
    /** By its name, live or deleted. */
    async kept(sql: Sql, name: string): Promise<T | undefined> {
      const row = await one.first(sql, { name: name.toLowerCase() })
      return row && resourceOf(row)
    },
    /** In the order of their names, live or deleted, of one group or of all. */
    async all(
      sql: Sql,
      { group, deleted }: { readonly group?: string | undefined; readonly deleted: boolean },
    ): Promise<T[]> {
      const rows = await query<Tables, Row>(sql, (db) => {
        const found = db
          .selectFrom(table)
          .selectAll()
          .where('deleted', deleted ? 'is not' : 'is', null)
          .orderBy('name')
        return group === undefined ? found : found.where('group_key', '=', group.toLowerCase())
      })
      return rows.map(resourceOf)
    },
    async add(sql: Sql, resource: T): Promise<void> {
      const { name, resourceId, location, retentionDays, created, sealingKey } = resource
      await insert.changed(sql, {
        ...changeable(resource),
        name,
        resource_id: resourceId,
        location,
        retention_days: retentionDays,
        created,
        sealing_key: sealingKey,
        group_key: groupIn(resourceId).toLowerCase(),
      })
    },
    /** Keeps what can change of it. */
    async change(sql: Sql, resource: T): Promise<void> {
      const { name, removal } = resource
      const { deleted = null, purge = null } = removal ?? {}
      await change.changed(sql, { name, ...changeable(resource), deleted, purge })
    },
    async remove(sql: Sql, name: string): Promise<void> {
      await remove.changed(sql, { name })
    },
  }
}
