import { applicationById } from '#core/identity/applications.ts'
import { credentialsHeldBy, principalById } from '#core/identity/directory.ts'
import type { Entry } from '#core/identity/entry.ts'
import type { Sight } from '#core/perform.ts'
import type { HeldApplication } from './applications.ts'
import { theEntry } from './look-up.ts'

/** Whatever has an id in the directory: a principal, or the registration of an application. */
export type DirectoryObject = { readonly entry: Entry } | { readonly application: HeldApplication }

/** Whatever has this id in the directory. */
export async function findObject(
  { sql, keyring }: Sight<'directory/read'>,
  id: string,
): Promise<DirectoryObject | undefined> {
  const entry = await principalById(sql, keyring, id)
  if (entry !== undefined) return { entry }
  const application = await applicationById(sql, keyring, id)
  return application && { application: { ...application, credentials: await credentialsHeldBy(sql, id) } }
}

/** Whoever asks. */
export const ownEntry = (sight: Sight<'directory/read'>, objectId: string): Promise<Entry> =>
  theEntry(sight, { by: 'id', value: objectId })
