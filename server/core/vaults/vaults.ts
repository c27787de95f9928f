import type { Database, Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { type AccessKey, keyOfStore, keyOfVault, type Store, type Vault } from './vault.ts'
import { accessKeyRow, addAccessKeyRow, addStore, addVault, storeByName, vaultByName } from './vault-rows.ts'

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

const placeOf = (store: Store, id: string): string => `${store.resourceId}/accessKeys/${id}`

/** Gives a store an access key: base64 of random bytes, kept sealed, for HMAC requests. */
export async function addAccessKey(
  turn: Turn,
  keyring: Keyring,
  store: Store,
  { id, name, readOnly, secret }: Omit<AccessKey, 'store'> & { readonly name: string },
): Promise<void> {
  const sealed = await keyring.seal(turn.sql, keyOfStore(store), secret, placeOf(store, id))
  await addAccessKeyRow(turn.sql, { id, store: store.name, name, sealed, readOnly }, turn.at)
  turn.changeAccess()
}

/** An access key of this store, opened; undefined when the store has no such key. */
export async function accessKey(sql: Sql, keyring: Keyring, store: Store, id: string): Promise<AccessKey | undefined> {
  const row = await accessKeyRow(sql, store.name, id)
  if (row === undefined) return undefined
  const secret = await keyring.unseal(sql, keyOfStore(store), row.sealed, placeOf(store, id))
  return { id, store: store.name, readOnly: row.readOnly, secret }
}
