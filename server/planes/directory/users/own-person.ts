import { Fault } from '#base/fault.ts'
import { ownEntry } from '#core/directory/objects.ts'
import type { Entry } from '#core/identity/entry.ts'
import type { Sight } from '#core/perform.ts'

/** Whoever asks, if it is a person; az asks this of applications too, and expects to be refused in this way. */
export async function ownPerson(sight: Sight<'directory/read'>, objectId: string): Promise<Entry> {
  const entry = await ownEntry(sight, objectId)
  if (entry.kind === 'user') return entry
  throw new Fault('invalid', '/me request is only valid with delegated authentication flow.', { graph: 'BadRequest' })
}
