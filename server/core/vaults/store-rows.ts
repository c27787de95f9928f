import { settingBytesDefault } from '@cardea/contract/appconfig/key-values'
import { query, type Sql, statement } from '#base/sql.ts'
import { groupIn } from './resource-id.ts'
import { historySecondsOf, type ManagedStore } from './store.ts'

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
type Tables = { store: Row }
/** What nothing else depends on, as JSON. */
type Profile = Pick<ManagedStore, 'sku' | 'accessKeys' | 'publicAccess'> & {
  /** Missing in what was founded before stores could say so. */
  readonly historySeconds?: number
  readonly settingBytesMax?: number
  readonly storageBytesMax?: number | undefined
}

const insert = statement<Tables, Omit<Row, 'deleted' | 'purge'>>((db, given) =>
  db.insertInto('store').values({
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
  db.selectFrom('store').selectAll().where('name', '=', given('name')),
)
const change = statement<
  Tables,
  Pick<Row, 'name' | 'purge_protection' | 'tags' | 'profile' | 'updated' | 'deleted' | 'purge'>
>((db, given) =>
  db
    .updateTable('store')
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
  db.deleteFrom('store').where('name', '=', given('name')),
)

/** A store by name, live or deleted. */
export async function keptStore(sql: Sql, name: string): Promise<ManagedStore | undefined> {
  const row = await one.first(sql, { name: name.toLowerCase() })
  return row && storeOf(row)
}

/** Stores in the order of their names, live or deleted, of one group or of all. */
export async function keptStores(
  sql: Sql,
  { group, deleted }: { readonly group?: string | undefined; readonly deleted: boolean },
): Promise<ManagedStore[]> {
  const rows = await query<Tables, Row>(sql, (db) => {
    const all = db
      .selectFrom('store')
      .selectAll()
      .where('deleted', deleted ? 'is not' : 'is', null)
      .orderBy('name')
    return group === undefined ? all : all.where('group_key', '=', group.toLowerCase())
  })
  return rows.map(storeOf)
}

export async function addStore(sql: Sql, store: ManagedStore): Promise<void> {
  const { name, resourceId, location, retentionDays, created, sealingKey } = store
  const { purge, deleted, ...given } = givenOf(store)
  await insert.changed(sql, {
    ...given,
    name,
    resource_id: resourceId,
    location,
    retention_days: retentionDays,
    created,
    sealing_key: sealingKey,
    group_key: groupIn(resourceId).toLowerCase(),
  })
}

/** Keeps what can change of a store. */
export async function changeStore(sql: Sql, store: ManagedStore): Promise<void> {
  await change.changed(sql, { name: store.name, ...givenOf(store) })
}

export async function removeStore(sql: Sql, name: string): Promise<void> {
  await remove.changed(sql, { name })
}

function givenOf(store: ManagedStore) {
  const { purgeProtection, tags, updated, removal, sku, accessKeys, publicAccess } = store
  const { historySeconds, settingBytesMax, storageBytesMax } = store
  const profile: Profile = { sku, accessKeys, publicAccess, historySeconds, settingBytesMax, storageBytesMax }
  return {
    purge_protection: purgeProtection ? 1 : 0,
    tags: JSON.stringify(tags),
    profile: JSON.stringify(profile),
    updated,
    deleted: removal?.deleted ?? null,
    purge: removal?.purge ?? null,
  }
}

function storeOf(row: Row): ManagedStore {
  const profile: Profile = { ...plain, ...JSON.parse(row.profile) }
  const { sku, accessKeys, publicAccess, historySeconds = historySecondsOf(sku), storageBytesMax } = profile
  return {
    name: row.name,
    resourceId: row.resource_id,
    location: row.location,
    sealingKey: row.sealing_key,
    publicAccess,
    historySeconds,
    settingBytesMax: profile.settingBytesMax ?? settingBytesDefault,
    storageBytesMax,
    retentionDays: row.retention_days,
    purgeProtection: row.purge_protection === 1,
    tags: JSON.parse(row.tags),
    sku,
    accessKeys,
    created: row.created,
    updated: row.updated,
    removal: row.deleted === null || row.purge === null ? undefined : { deleted: row.deleted, purge: row.purge },
  }
}

/** A store from before it could be managed. */
const plain: Profile = { sku: 'standard', accessKeys: true, publicAccess: true }
