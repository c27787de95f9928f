import { query, type Sql, statement } from '#base/sql.ts'
import { groupIn } from './resource-id.ts'
import { type ManagedVault, openNetwork } from './vault.ts'

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
type Tables = { vault: Row }
/** What nothing else depends on, as JSON. */
type Profile = Pick<ManagedVault, 'sku' | 'enabledFor' | 'network'>

const insert = statement<Tables, Omit<Row, 'deleted' | 'purge'>>((db, given) =>
  db.insertInto('vault').values({
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
  db.selectFrom('vault').selectAll().where('name', '=', given('name')),
)
const change = statement<
  Tables,
  Pick<Row, 'name' | 'purge_protection' | 'tags' | 'profile' | 'updated' | 'deleted' | 'purge'>
>((db, given) =>
  db
    .updateTable('vault')
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
  db.deleteFrom('vault').where('name', '=', given('name')),
)

/** A vault by name, live or deleted. */
export async function keptVault(sql: Sql, name: string): Promise<ManagedVault | undefined> {
  const row = await one.first(sql, { name: name.toLowerCase() })
  return row && vaultOf(row)
}

/** Vaults in the order of their names, live or deleted, of one group or of all. */
export async function keptVaults(
  sql: Sql,
  { group, deleted }: { readonly group?: string | undefined; readonly deleted: boolean },
): Promise<ManagedVault[]> {
  const rows = await query<Tables, Row>(sql, (db) => {
    const all = db
      .selectFrom('vault')
      .selectAll()
      .where('deleted', deleted ? 'is not' : 'is', null)
      .orderBy('name')
    return group === undefined ? all : all.where('group_key', '=', group.toLowerCase())
  })
  return rows.map(vaultOf)
}

export async function addVault(sql: Sql, vault: ManagedVault): Promise<void> {
  const { name, resourceId, location, retentionDays, created, sealingKey } = vault
  const { purge, deleted, ...given } = givenOf(vault)
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

/** Keeps what can change of a vault. */
export async function changeVault(sql: Sql, vault: ManagedVault): Promise<void> {
  await change.changed(sql, { name: vault.name, ...givenOf(vault) })
}

export async function removeVault(sql: Sql, name: string): Promise<void> {
  await remove.changed(sql, { name })
}

const givenOf = ({ purgeProtection, tags, updated, removal, sku, enabledFor, network }: ManagedVault) => ({
  purge_protection: purgeProtection ? 1 : 0,
  tags: JSON.stringify(tags),
  profile: JSON.stringify({ sku, enabledFor, network } satisfies Profile),
  updated,
  deleted: removal?.deleted ?? null,
  purge: removal?.purge ?? null,
})

function vaultOf(row: Row): ManagedVault {
  const { sku, enabledFor, network }: Profile = { ...plain, ...JSON.parse(row.profile) }
  return {
    name: row.name,
    resourceId: row.resource_id,
    location: row.location,
    retentionDays: row.retention_days,
    purgeProtection: row.purge_protection === 1,
    sealingKey: row.sealing_key,
    network,
    tags: JSON.parse(row.tags),
    sku,
    enabledFor,
    created: row.created,
    updated: row.updated,
    removal: row.deleted === null || row.purge === null ? undefined : { deleted: row.deleted, purge: row.purge },
  }
}

/** A vault from before it could be managed. */
const plain: Profile = {
  sku: 'standard',
  enabledFor: { deployment: false, disk: false, template: false },
  network: openNetwork,
}
