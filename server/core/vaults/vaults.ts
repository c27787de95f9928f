import { randomUUID } from 'node:crypto'
import type { Database, Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import { byRoles, keepPermissionModel } from '#core/access/permission-model.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import type { ManagedStore, Store } from './store.ts'
import { storeRows } from './store-rows.ts'
import type { ManagedVault, Vault } from './vault.ts'
import { vaultRows } from './vault-rows.ts'

/** Live vaults and stores by name, kept in memory while the epoch stands: every request asks for one. */
export class VaultBook {
  readonly #database: Database<never>
  #epoch = -1
  readonly #vaults = new Map<string, Vault>()
  readonly #stores = new Map<string, Store>()

  constructor(database: Database<never>) {
    this.#database = database
  }

  vault(name: string): Vault | Promise<Vault | undefined> {
    return this.#current().#vaults.get(name) ?? this.#look(name, this.#vaults, liveVault)
  }

  store(name: string): Store | Promise<Store | undefined> {
    return this.#current().#stores.get(name) ?? this.#look(name, this.#stores, liveStore)
  }

  #current(): this {
    if (this.#database.epoch !== this.#epoch) {
      this.#vaults.clear()
      this.#stores.clear()
      this.#epoch = this.#database.epoch
    }
    return this
  }

  async #look<T>(name: string, kept: Map<string, T>, find: (sql: Sql, name: string) => Promise<T | undefined>) {
    const epoch = this.#epoch
    const found = await find(this.#database.read, name)
    if (found !== undefined && epoch === this.#epoch) kept.set(name, found)
    return found
  }
}

const live = <T extends { readonly removal: unknown }>(found: T | undefined): T | undefined =>
  found?.removal === undefined ? found : undefined

/** A vault that isn't deleted. */
export const liveVault = async (sql: Sql, name: string): Promise<ManagedVault | undefined> =>
  live(await vaultRows.kept(sql, name))
/** A vault by name, live or deleted: a name is taken until its purge. */
export const vaultNamed = (sql: Sql, name: string): Promise<ManagedVault | undefined> => vaultRows.kept(sql, name)
/** Live or deleted vaults by name, of one resource group or of all. */
export const vaultsIn = vaultRows.all

/** A store that isn't deleted. */
export const liveStore = async (sql: Sql, name: string): Promise<ManagedStore | undefined> =>
  live(await storeRows.kept(sql, name))
/** A store by name, live or deleted. */
export const storeNamed = (sql: Sql, name: string): Promise<ManagedStore | undefined> => storeRows.kept(sql, name)
/** Live or deleted stores by name, of one resource group or of all. */
export const storesIn = storeRows.all

/** An id for the key of a vault or store that is founded now. */
export const newSealingKey = (kind: 'vault' | 'store', name: string): string => `${kind}/${name}/${randomUUID()}`

/** Founds a vault, with a key of its own; rights on its data are given by roles until somebody says otherwise. */
export async function foundVault(turn: Turn, keyring: Keyring, vault: ManagedVault): Promise<void> {
  await vaultRows.add(turn.sql, vault)
  await keyring.create(turn, vault.sealingKey)
  await keepPermissionModel(turn, keyring, vault.resourceId, byRoles)
}

/** Keeps a vault as it is now. */
export async function keepVault(turn: Turn, vault: ManagedVault): Promise<void> {
  await vaultRows.change(turn.sql, vault)
  turn.changeAccess()
}

/** Takes a vault away with its key: what it sealed opens nowhere any more. */
export async function eraseVault(turn: Turn, keyring: Keyring, { name, sealingKey }: Vault): Promise<void> {
  await vaultRows.remove(turn.sql, name)
  await keyring.destroy(turn, sealingKey)
  turn.changeAccess()
}

/** Founds a store, with a key of its own; rights on its data are given by roles, and by its access keys. */
export async function foundStore(turn: Turn, keyring: Keyring, store: ManagedStore): Promise<void> {
  await storeRows.add(turn.sql, store)
  await keyring.create(turn, store.sealingKey)
  await keepPermissionModel(turn, keyring, store.resourceId, byRoles)
}

/** Keeps a store as it is now. */
export async function keepStore(turn: Turn, store: ManagedStore): Promise<void> {
  await storeRows.change(turn.sql, store)
  turn.changeAccess()
}

/** Takes a store away with its key. */
export async function eraseStore(turn: Turn, keyring: Keyring, { name, sealingKey }: Store): Promise<void> {
  await storeRows.remove(turn.sql, name)
  await keyring.destroy(turn, sealingKey)
  turn.changeAccess()
}
