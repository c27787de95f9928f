import { Fault } from '#base/fault.ts'
import { amendEntry, enter, entriesAfter } from '#core/identity/entries.ts'
import type { Entry } from '#core/identity/entry.ts'
import { type ChosenPassword, setUserPassword } from '#core/identity/people.ts'
import { revokeSessions } from '#core/identity/sessions.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { merged } from './applications.ts'
import { depart } from './departure.ts'
import { disempowering, refuseEscalation, wholeDirectory } from './escalation.ts'
import { type Key, theEntry } from './look-up.ts'

/** People. */
export const getUser = (sight: Sight<'directory/read'>, key: Key): Promise<Entry> => theEntry(sight, key, 'user')

/** People in the order of their ids, after one. */
export const listUsers = ({ sql, keyring }: Sight<'directory/read'>, after: string, limit: number): Promise<Entry[]> =>
  entriesAfter(sql, keyring, ['user'], after, limit)

type UserChange = {
  readonly name?: string | undefined
  readonly userPrincipalName?: string | undefined
  readonly enabled?: boolean | undefined
  readonly password?: ChosenPassword | undefined
  readonly details: Readonly<Record<string, unknown>>
}

/** Enters a person, who can sign in once a password is set. */
export async function createUser(
  { turn, keyring }: Scope<'users/create'>,
  {
    name,
    userPrincipalName,
    enabled = true,
    password,
    details,
  }: UserChange & { name: string; userPrincipalName: string },
): Promise<Entry> {
  const told = { appId: '', kind: 'user', name, enabled, userPrincipalName, details: merged({}, details) } as const
  const entry = await enter(turn, keyring, told)
  if (password !== undefined) await setUserPassword(turn, keyring, entry.objectId, password)
  return entry
}

/** Changes what is told of somebody; switched off, they may do nothing from the moment this is answered. */
export async function updateUser(
  scope: Scope<'users/update'>,
  key: Key,
  { name, userPrincipalName, enabled, password, details }: UserChange,
): Promise<void> {
  const before = await theEntry(scope, key, 'user')
  // Under another's name somebody could be taken for them, and with another's password be them.
  if (userPrincipalName !== undefined || password !== undefined) await refuseEscalation(scope, before.objectId)
  if (password !== undefined) await changePassword(scope, before, password)
  const after = {
    ...before,
    name: name ?? before.name,
    userPrincipalName: userPrincipalName ?? before.userPrincipalName,
    enabled: enabled ?? before.enabled,
    details: merged(before.details, details),
  }
  const amend = () => amendEntry(scope.turn, scope.keyring, after)
  await (after.enabled === before.enabled ? amend() : disempowering(scope, before.objectId, amend))
}

async function changePassword(
  { turn, keyring, permit }: Scope<'users/update'>,
  { objectId }: Entry,
  password: ChosenPassword,
): Promise<void> {
  if (!permit.allows('users/password', `${wholeDirectory}/users/${objectId}`)) {
    throw new Fault('forbidden', 'Insufficient privileges to complete the operation.')
  }
  await setUserPassword(turn, keyring, objectId, password)
}

/** Signs somebody out everywhere: what they were given for signing in ends in the moment that this is answered. */
export async function signOutEverywhere(scope: Scope<'users/update'>, key: Key): Promise<void> {
  await revokeSessions(scope.turn, (await theEntry(scope, key, 'user')).objectId)
}

/** Takes somebody away, with what they were allowed. */
export async function deleteUser(scope: Scope<'users/delete'>, key: Key): Promise<void> {
  const { objectId } = await theEntry(scope, key, 'user')
  await disempowering(scope, objectId, () => depart(scope.turn, objectId))
}
