import { randomBytes } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { directoryKey } from '#core/identity/directory.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import type { Permit } from './access.ts'
import {
  type DatedAccessKey,
  type KeptAccessKey,
  keptAccessKey,
  keptAccessKeys,
  removeKeyRows,
} from './access-key-rows.ts'
import { addAccessKey, dropAccessKey, type NewKey, placeOf } from './access-keys.ts'

/** The keys of a store by what they are for: two that write and two that only read, so that one can be renewed at a time. */
const places = [
  { name: 'Primary', readOnly: false },
  { name: 'Secondary', readOnly: false },
  { name: 'Primary Read Only', readOnly: true },
  { name: 'Secondary Read Only', readOnly: true },
] as const

/** An access key that nobody guesses, with an id in the form of App Configuration's. `az` takes a word that begins with a dash for an option. */
export const newAccessKey = (): Pick<NewKey, 'id' | 'secret'> => ({
  id: `${randomBytes(6).toString('hex')}-l0-s0`,
  secret: randomBytes(32).toString('base64'),
})

/** Gives a store the keys that it doesn't have yet. */
export async function foundAccessKeys(
  turn: Turn,
  keyring: Keyring,
  store: { readonly name: string; readonly resourceId: string },
): Promise<void> {
  const there = new Set((await keptAccessKeys(turn.sql, store.name)).map(({ name }) => name))
  for (const place of places) {
    if (!there.has(place.name)) await addAccessKey(turn, keyring, store, { ...newAccessKey(), ...place })
  }
}

/** Takes all access keys of a store away. */
export async function dropAccessKeys(turn: Turn, store: string): Promise<void> {
  await removeKeyRows(turn.sql, store)
  turn.changeAccess()
}

/** An access key with its secret, for those who may list them. */
export type ShownKey = NewKey & { readonly created: Instant }

type Listing = { readonly sql: Sql; readonly keyring: Keyring; readonly permit: Permit<'stores/list-keys'> }

/** The access keys of a store with their secrets, in the order of their places. */
export async function listAccessKeys({ sql, keyring }: Listing, store: string): Promise<ShownKey[]> {
  const kept = await keptAccessKeys(sql, store)
  const place = ({ name }: KeptAccessKey) => places.findIndex((one) => one.name === name)
  return Promise.all(kept.sort((a, b) => place(a) - place(b)).map((key) => shown(sql, keyring, key)))
}

async function shown(sql: Sql, keyring: Keyring, key: DatedAccessKey): Promise<ShownKey> {
  const { id, name, readOnly, created } = key
  return { id, name, readOnly, created, secret: await keyring.unseal(sql, directoryKey, key.sealed, placeOf(key)) }
}

type Regenerating = { readonly turn: Turn; readonly keyring: Keyring; readonly permit: Permit<'stores/regenerate-key'> }

/** Puts a new key into the place of one; nothing that was proved with the old one holds from then on. */
export async function regenerateAccessKey(
  { turn, keyring }: Regenerating,
  store: { readonly name: string; readonly resourceId: string },
  id: string,
): Promise<ShownKey> {
  const before = await keptAccessKey(turn.sql, id)
  if (before?.store !== store.name) throw new Fault('not-found', `There is no access key '${id}'.`)
  await dropAccessKey(turn, id)
  const { name, readOnly } = before
  const fresh = { ...newAccessKey(), name, readOnly }
  await addAccessKey(turn, keyring, store, fresh)
  return { ...fresh, created: turn.at }
}
