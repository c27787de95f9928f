import { randomUUID } from 'node:crypto'
import { builtInRoles } from '@cardea/contract/roles'
import type { Turn } from '#base/database.ts'
import { refuseLocked } from '#core/locks/locks.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import type { Permit } from './access.ts'
import { sameAssignment } from './access-rows.ts'
import { idOf, keepAssignment, kindOfPrincipal } from './assignments.ts'

type Elevating = {
  readonly turn: Turn
  readonly keyring: Keyring
  readonly permit: Permit<'access/elevate'>
  meet(version: string): void
}

/**
 * Lets a global administrator assign roles everywhere, so that an installation whose other administrators are gone isn't lost: an
 * ordinary assignment of User Access Administrator at the root, which everybody sees and whoever may can take away. One that
 * is bound by a condition becomes this one.
 */
export async function elevate({ turn, keyring, meet }: Elevating, principal: string): Promise<void> {
  const wanted = { principal, role: builtInRoles.userAccessAdministrator.id, scope: '/' }
  const id = (await sameAssignment(turn.sql, wanted))?.id ?? randomUUID()
  const kind = await kindOfPrincipal(turn.sql, keyring, principal)
  await refuseLocked(turn.sql, idOf({ ...wanted, id }), 'write')
  meet(`roleAssignments/${id}`)
  await keepAssignment(turn, keyring, { ...wanted, id, kind, by: principal, description: 'Elevated by themselves.' })
}
