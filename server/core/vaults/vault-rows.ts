import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import type { Store, Vault } from './vault.ts'

type VaultRow = {
  name: string
  resource_id: string
  location: string
  retention_days: number
  purge_protection: number
  created: number
}
type StoreRow = { name: string; resource_id: string; location: string; created: number }
type Tables = { vault: VaultRow; store: StoreRow }

const insertVault = statement<Tables, VaultRow>((db, given) =>
  db.insertInto('vault').values({
    name: given('name'),
    resource_id: given('resource_id'),
    location: given('location'),
    retention_days: given('retention_days'),
    purge_protection: given('purge_protection'),
    created: given('created'),
  }),
)
const oneVault = statement<Tables, { name: string }, VaultRow>((db, given) =>
  db.selectFrom('vault').selectAll().where('name', '=', given('name')),
)
const insertStore = statement<Tables, StoreRow>((db, given) =>
  db.insertInto('store').values({
    name: given('name'),
    resource_id: given('resource_id'),
    location: given('location'),
    created: given('created'),
  }),
)
const oneStore = statement<Tables, { name: string }, StoreRow>((db, given) =>
  db.selectFrom('store').selectAll().where('name', '=', given('name')),
)
export async function addVault(sql: Sql, vault: Vault, created: Instant): Promise<void> {
  await insertVault.changed(sql, {
    name: vault.name,
    resource_id: vault.resourceId,
    location: vault.location,
    retention_days: vault.retentionDays,
    purge_protection: vault.purgeProtection ? 1 : 0,
    created,
  })
}

export async function vaultByName(sql: Sql, name: string): Promise<Vault | undefined> {
  const row = await oneVault.first(sql, { name })
  return (
    row && {
      name: row.name,
      resourceId: row.resource_id,
      location: row.location,
      retentionDays: row.retention_days,
      purgeProtection: row.purge_protection === 1,
    }
  )
}

export async function addStore(sql: Sql, store: Store, created: Instant): Promise<void> {
  await insertStore.changed(sql, { name: store.name, resource_id: store.resourceId, location: store.location, created })
}

export async function storeByName(sql: Sql, name: string): Promise<Store | undefined> {
  const row = await oneStore.first(sql, { name })
  return row && { name: row.name, resourceId: row.resource_id, location: row.location }
}
