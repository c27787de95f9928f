import { createSecretKey, type KeyObject } from 'node:crypto'
import { builtInRoles } from '@cardea/contract/roles'
import type { Database, Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { type Caller, callerByAccessKey } from '#core/identity/caller.ts'
import { directoryKey } from '#core/identity/directory.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { addKeyRow, type KeptAccessKey, keptAccessKey, removeKeyRow } from './access-key-rows.ts'
import type { RoleAssignment } from './grant.ts'

/**
 * An access key proves its holder and says what they may do, both at once: whoever signs with it is the key, and has
 * the rights of Data Owner, or of Data Reader if it is read-only, on the one store that it belongs to. A key that is
 * renewed gets another id, so nothing proved with the old one holds any longer.
 */
export type AccessKey = {
  readonly id: string
  /** The store that it opens, by name. */
  readonly store: string
  /** For HMAC-SHA256. */
  readonly secret: KeyObject
  /** Whoever signs with it: one object, so that what it may do is found again. */
  readonly caller: Caller
}

/** The secret is sealed to the key's place and to what it may do: a row changed by hand doesn't open. */
export const placeOf = ({ id, scope, readOnly }: Pick<KeptAccessKey, 'id' | 'scope' | 'readOnly'>): string =>
  `${scope}/accessKeys/${readOnly ? 'reader' : 'owner'}/${id}`

export type NewKey = {
  readonly id: string
  readonly name: string
  readonly readOnly: boolean
  /** Random bytes in base64, as connection strings carry them. */
  readonly secret: string
}

/** Gives a store an access key; of its secret only a sealed copy is kept. */
export async function addAccessKey(
  turn: Turn,
  keyring: Keyring,
  { name: store, resourceId: scope }: { readonly name: string; readonly resourceId: string },
  { secret, ...key }: NewKey,
): Promise<void> {
  const sealed = await keyring.seal(turn.sql, directoryKey, secret, placeOf({ ...key, scope }))
  await addKeyRow(turn.sql, { ...key, store, scope, sealed }, turn.at)
  turn.changeAccess()
}

/** Takes an access key away; it proves nothing from the moment this is answered. */
export async function dropAccessKey(turn: Turn, id: string): Promise<void> {
  if (!(await removeKeyRow(turn.sql, id))) throw new Fault('not-found', 'There is no such access key.')
  turn.changeAccess()
}

/** What an access key may do, as if a role had been assigned to it; nothing once it is gone. */
export async function assignmentsOfAccessKey(sql: Sql, keyring: Keyring, id: string): Promise<RoleAssignment[]> {
  const key = await keptAccessKey(sql, id)
  if (key === undefined) return []
  // Nobody needs the secret here; that it opens says that the row is as we made it.
  await keyring.unseal(sql, directoryKey, key.sealed, placeOf(key))
  const role = key.readOnly ? builtInRoles.appConfigurationDataReader : builtInRoles.appConfigurationDataOwner
  return [{ id, principal: id, role: role.id, scope: key.scope }]
}

/** Access keys by id, opened and kept in memory while the epoch stands. */
export class AccessKeyBook {
  readonly #database: Database<never>
  readonly #keyring: Keyring
  #epoch = -1
  readonly #keys = new Map<string, AccessKey>()

  constructor(database: Database<never>, keyring: Keyring) {
    this.#database = database
    this.#keyring = keyring
  }

  /** The key with this id, if it is one of this store's. */
  async key(store: string, id: string): Promise<AccessKey | undefined> {
    if (this.#database.epoch !== this.#epoch) {
      this.#keys.clear()
      this.#epoch = this.#database.epoch
    }
    const key = this.#keys.get(id) ?? (await this.#open(id))
    return key?.store === store ? key : undefined
  }

  async #open(id: string): Promise<AccessKey | undefined> {
    const epoch = this.#epoch
    const kept = await keptAccessKey(this.#database.read, id)
    if (kept === undefined) return undefined
    const secret = await this.#keyring.unseal(this.#database.read, directoryKey, kept.sealed, placeOf(kept))
    const key: AccessKey = {
      id,
      store: kept.store,
      secret: createSecretKey(Buffer.from(secret, 'base64')),
      caller: callerByAccessKey(id),
    }
    if (epoch === this.#epoch) this.#keys.set(id, key)
    return key
  }
}
