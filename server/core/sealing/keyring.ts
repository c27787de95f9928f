import { type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Turn } from '#base/database.ts'
import { fingerprint, keyFrom, seal, unseal, unsealText } from '#base/seal.ts'
import type { Sql } from '#base/sql.ts'
import { addKey, removeKey, sealedKey } from './sealing-rows.ts'

/**
 * The keys of this installation: the root key seals one key for each vault, each store and the directory; those seal
 * values to their place. Opened keys stay in memory as `KeyObject`s, of which a heap dump shows nothing.
 */
export class Keyring {
  readonly #root: KeyObject
  readonly #keys = new Map<string, KeyObject>()
  /** The turn that a key was made in, by its SQL: seen from there, it may yet be rolled back. */
  readonly #makers = new Map<string, Sql>()

  constructor(root: KeyObject) {
    this.#root = root
  }

  /** Makes the key of a new vault, store or directory. */
  async create({ sql, at }: Turn, id: string): Promise<void> {
    await addKey(sql, id, this.newKey(placeOfKey(id)).sealed, at)
    this.#makers.set(id, sql)
  }

  /** Makes a key at its first use, where no founding does. */
  async ensure(turn: Turn, id: string): Promise<void> {
    if ((await sealedKey(turn.sql, id)) === undefined) await this.create(turn, id)
  }

  /**
   * Takes a key away for good: once this turn is kept, nothing that it sealed opens out of the database, nor out of a copy
   * made later. Nodes that have it open keep it in memory until they end. No other key ever has its id.
   */
  async destroy({ sql }: Turn, id: string): Promise<void> {
    await removeKey(sql, id)
    this.#keys.delete(id)
  }

  /** The key with this id; kept once it was seen committed. */
  key(sql: Sql, id: string): KeyObject | Promise<KeyObject> {
    return this.#keys.get(id) ?? this.#open(sql, id)
  }

  async #open(sql: Sql, id: string): Promise<KeyObject> {
    const sealed = await sealedKey(sql, id)
    if (sealed === undefined) throw new Error(`The key ${id} is missing from the database`)
    const key = this.keptKey(sealed, placeOfKey(id))
    if (this.#makers.get(id) !== sql) {
      this.#keys.set(id, key)
      this.#makers.delete(id)
    }
    return key
  }

  async seal(sql: Sql, id: string, value: string, place: string): Promise<Buffer> {
    return seal(await this.key(sql, id), value, place)
  }

  async unseal(sql: Sql, id: string, sealed: Uint8Array, place: string): Promise<string> {
    return unsealText(await this.key(sql, id), sealed, place)
  }

  async fingerprint(sql: Sql, id: string, value: string): Promise<Buffer> {
    return fingerprint(await this.key(sql, id), value)
  }

  /** Whether this is the value's fingerprint; how long that takes tells nothing of either. */
  async isFingerprint(sql: Sql, id: string, value: string, given: Uint8Array): Promise<boolean> {
    const right = await this.fingerprint(sql, id, value)
    return given.length === right.length && timingSafeEqual(given, right)
  }

  /** A fresh key for `place`, and how it is kept: sealed by the root key. */
  newKey(place: string): { readonly key: KeyObject; readonly sealed: Buffer } {
    const bytes = randomBytes(32)
    return { key: keyFrom(bytes), sealed: seal(this.#root, bytes, place) }
  }

  /** Text sealed by the root key itself: for what must open before any other key can. */
  sealByRoot(text: string, place: string): Buffer {
    return seal(this.#root, text, place)
  }

  unsealByRoot(sealed: Uint8Array, place: string): string {
    return unsealText(this.#root, sealed, place)
  }

  /** A key that `newKey` made. Throws `SealBroken` when it isn't this root key's, or not of this place. */
  keptKey(sealed: Uint8Array, place: string): KeyObject {
    return keyFrom(unseal(this.#root, sealed, place))
  }
}

const placeOfKey = (id: string): string => `key/${id}`
