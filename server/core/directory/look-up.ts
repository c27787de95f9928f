import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Application } from '#core/identity/application.ts'
import { applicationByAppId, applicationById } from '#core/identity/applications.ts'
import { principalByApp, principalById } from '#core/identity/directory.ts'
import { personByName } from '#core/identity/entries.ts'
import type { Entry } from '#core/identity/entry.ts'
import type { Keyring } from '#core/sealing/keyring.ts'

/** How somebody is named: by the id of the object, by the application's id, or as a person by their sign-in name. */
export type Key = { readonly by: 'id' | 'appId' | 'userPrincipalName'; readonly value: string }

/** How Graph says that there is no such thing. */
export const noSuchObject = ({ value }: Pick<Key, 'value'>): Fault =>
  new Fault(
    'not-found',
    `Resource '${value.slice(0, 128)}' does not exist or one of its queried reference-property objects are not present.`,
  )

type Reading = { readonly sql: Sql; readonly keyring: Keyring }

async function applicationBy({ sql, keyring }: Reading, { by, value }: Key): Promise<Application | undefined> {
  if (by === 'id') return applicationById(sql, keyring, value)
  return by === 'appId' ? applicationByAppId(sql, keyring, value) : undefined
}

/** The application that a key names. Throws when there is none. */
export async function theApplication(reading: Reading, key: Key): Promise<Application> {
  const found = await applicationBy(reading, key)
  if (found === undefined) throw noSuchObject(key)
  return found
}

const entryBy = ({ sql, keyring }: Reading, { by, value }: Key): Promise<Entry | undefined> => {
  const look = { id: principalById, appId: principalByApp, userPrincipalName: personByName }[by]
  return look(sql, keyring, value)
}

/** A principal of one of these kinds; one of another kind is not there, as with Graph's collections. */
export async function theEntry(reading: Reading, key: Key, ...kinds: readonly Entry['kind'][]): Promise<Entry> {
  const found = await entryBy(reading, key)
  if (found === undefined || (kinds.length > 0 && !kinds.includes(found.kind))) throw noSuchObject(key)
  return found
}

/** The kinds of principal that Graph calls service principals. */
export const serviceKinds = ['application', 'managed-identity'] as const
