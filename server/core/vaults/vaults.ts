import type { Database, Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { keyOfStore, keyOfVault, type Store, type Vault } from './vault.ts'
import { addStore, addVault, storeByName, vaultByName } from './vault-rows.ts'

/** Vaults and stores by name, kept in memory while the epoch stands: every request asks for one. */
export class VaultBook {
  readonly #database: Database<never>
  #epoch = -1
  readonly #vaults = new Map<string, Vault>()
  readonly #stores = new Map<string, Store>()

  constructor(database: Database<never>) {
    this.#database = database
  }

  vault(name: string): Vault | Promise<Vault | undefined> {
    return this.#current().#vaults.get(name) ?? this.#look(name, this.#vaults, vaultByName)
  }

  store(name: string): Store | Promise<Store | undefined> {
    return this.#current().#stores.get(name) ?? this.#look(name, this.#stores, storeByName)
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

/** Founds a vault, with a key of its own. */
export async function foundVault(turn: Turn, keyring: Keyring, vault: Vault): Promise<void> {
  await addVault(turn.sql, vault, turn.at)
  await keyring.create(turn, keyOfVault(vault))
  turn.changeAccess()
}

/** Founds a store, with a key of its own. */
export async function foundStore(turn: Turn, keyring: Keyring, store: Store): Promise<void> {
  await addStore(turn.sql, store, turn.at)
  await keyring.create(turn, keyOfStore(store))
  turn.changeAccess()
}
