import type { Database, Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import { hashPassword, isPassword } from '#base/password-hash.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { directoryKey, principalById } from './directory.ts'
import { personByName } from './entries.ts'
import type { Entry } from './entry.ts'
import { beginAttempt, endAttempt } from './failures.ts'
import { keepSealedPassword, sealedPasswordOf } from './password-rows.ts'
import type { Principal } from './principal.ts'
import { revokeSessions } from './sessions.ts'

/**
 * People, and the passwords that they choose. Of a password only its slow hash is kept, sealed to the person: who has
 * the database alone can't even begin to guess, and a hash that is copied to somebody else's row doesn't open.
 */
export type PersonSignedIn = { readonly principal: Principal; readonly signInName: string }

const placeOf = (principal: string): string => `user-password/${principal}`
const lengthMin = 8
const lengthMax = 256

/** Whether a password may be chosen: length is what counts (NIST SP 800-63B 3.1.1). Throws `invalid`. */
function refuseWeakPassword(password: string): void {
  const { length } = [...password]
  if (length < lengthMin || length > lengthMax) {
    throw new Fault('invalid', `A password has from ${lengthMin} to ${lengthMax} characters.`, { where: 'password' })
  }
}

/** A password that may be chosen, as it is kept: nobody gets back from it. */
export type ChosenPassword = { readonly hash: string }

/** Makes of a password what is kept of it. That is slow on purpose, and so is done before the turn that keeps it. */
export async function choosePassword(password: string): Promise<ChosenPassword> {
  refuseWeakPassword(password)
  return { hash: await hashPassword(password) }
}

/** Gives a person a password. Whoever is signed in with the old one is so no longer when this is answered. */
export async function setUserPassword(
  turn: Turn,
  keyring: Keyring,
  principal: string,
  { hash }: ChosenPassword,
): Promise<void> {
  const sealed = await keyring.seal(turn.sql, directoryKey, hash, placeOf(principal))
  await keepSealedPassword(turn.sql, principal, sealed, turn.at)
  await revokeSessions(turn, principal)
}

/** The person with this id, if they may sign in. */
export async function personOf(sql: Sql, keyring: Keyring, objectId: string): Promise<PersonSignedIn | undefined> {
  const entry = await principalById(sql, keyring, objectId)
  return entry?.kind === 'user' && entry.enabled ? personFrom(entry) : undefined
}

const personFrom = (entry: Entry): PersonSignedIn => ({
  principal: entry,
  signInName: entry.userPrincipalName ?? entry.objectId,
})

type SignIn = { readonly name: string; readonly password: string; readonly address: string }
/** Somebody who signed in, and what that opened; or why nobody did. Whether a name exists is told only to those who know its password. */
type SignInOutcome<T> =
  | { readonly person: PersonSignedIn; readonly opened: T }
  | 'wrong'
  | 'disabled'
  | { readonly pauseMs: number }

/**
 * Signs a person in by name and password, and opens what they want in the turn in which that is certain: a password that is
 * changed while its hash is computed opens nothing. An unknown name takes as much work as a known one.
 */
export async function signIn<E, T>(
  database: Database<E>,
  keyring: Keyring,
  given: SignIn,
  open: (turn: Turn, person: PersonSignedIn) => Promise<T>,
): Promise<SignInOutcome<T>> {
  const { password, address } = given
  const name = given.name.normalize('NFC').toLowerCase()
  const attempt = { kind: 'person', name, address } as const
  const pauseMs = await database.write((turn) => beginAttempt(turn, keyring, attempt))
  if (pauseMs > 0) return { pauseMs }
  const entry = await personByName(database.read, keyring, name)
  const sealed = await sealedPasswordOf(database.read, entry?.objectId ?? '')
  const hash =
    entry === undefined || sealed === undefined
      ? undefined
      : await keyring.unseal(database.read, directoryKey, sealed, placeOf(entry.objectId))
  const right = await isPassword(password.slice(0, lengthMax * 2), hash)
  if (entry === undefined || sealed === undefined || !right) return 'wrong'
  return database.write(async (turn) => {
    const current = await sealedPasswordOf(turn.sql, entry.objectId)
    // No two sealings are alike.
    if (current === undefined || !Buffer.from(current).equals(sealed)) return 'wrong'
    await endAttempt(turn, keyring, attempt)
    if (!entry.enabled) return 'disabled'
    const person = personFrom(entry)
    return { person, opened: await open(turn, person) }
  })
}
