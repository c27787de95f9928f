import { applicationById } from '#core/identity/applications.ts'
import { credentialsHeldBy } from '#core/identity/directory.ts'
import { entryById } from '#core/identity/entries.ts'
import type { Entry } from '#core/identity/entry.ts'
import type { Sight } from '#core/perform.ts'
import type { HeldApplication } from './applications.ts'
import { theEntry } from './look-up.ts'

/** Whatever has an id in the directory: a principal, or the registration of an application. */
export type DirectoryObject = { readonly entry: Entry } | { readonly application: HeldApplication }

export async function findObject({ sql }: Sight<'directory/read'>, id: string): Promise<DirectoryObject | undefined> {
  const entry = await entryById(sql, id)
  if (entry !== undefined) return { entry }
  const application = await applicationById(sql, id)
  return application && { application: { ...application, credentials: await credentialsHeldBy(sql, id) } }
}

/** Whoever asks. */
export const ownEntry = ({ sql }: Sight<'directory/read'>, objectId: string): Promise<Entry> =>
  theEntry(sql, { by: 'id', value: objectId })
