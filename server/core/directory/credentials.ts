import type { Action } from '@cardea/contract/actions'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Application } from '#core/identity/application.ts'
import {
  addCertificate,
  addPassword,
  credentialsHeldBy,
  dropCredential,
  randomPassword,
} from '#core/identity/directory.ts'
import type { Entry } from '#core/identity/entry.ts'
import type { Credential } from '#core/identity/principal.ts'
import type { Scope } from '#core/perform.ts'
import { refuseEscalation, wholeDirectory } from './escalation.ts'
import { type Key, serviceKinds, theApplication, theEntry } from './look-up.ts'
import { type ProofOfPossession, refuseUnproven } from './possession.ts'

/** What applications and service principals prove themselves with, as those who manage them see it. */

export type Term = {
  readonly name: string | undefined
  readonly starts: Instant | undefined
  readonly ends: Instant | undefined
}
/** A password as it is shown, once. */
export type NewPassword = { readonly id: string; readonly password: string } & Omit<Credential, 'digest'>

/** Two years, as Entra's default. */
const lifeDefaultMs = 2 * 365 * 86_400_000
/** More than this is a leak in whoever adds them. */
const heldMax = 100

type Granting = Scope<'applications/credentials'> | Scope<'service-principals/credentials'>
type Holder = { readonly objectId: string }

function termOf({ name = '', starts, ends }: Term, at: Instant): { name: string; starts: Instant; ends: Instant } {
  const begins = starts ?? at
  const term = { name, starts: begins, ends: ends ?? begins + lifeDefaultMs }
  if (term.ends <= term.starts) throw invalidTerm('must be after startDateTime')
  if (term.ends <= at) throw invalidTerm('must be in the future')
  return term
}
const invalidTerm = (wanted: string): Fault => new Fault('invalid', `endDateTime ${wanted}.`, { where: 'endDateTime' })

async function refuseTooMany({ sql }: Pick<Scope<Action>, 'sql'>, { objectId }: Holder, more: number): Promise<void> {
  if ((await credentialsHeldBy(sql, objectId)).length + more > heldMax) {
    throw new Fault('invalid', `At most ${heldMax} credentials can be kept here. Remove those that have ended.`)
  }
}

async function newPassword(scope: Granting, holder: Holder, wanted: Term): Promise<NewPassword> {
  const { turn, keyring, at } = scope
  await refuseTooMany(scope, holder, 1)
  const term = termOf(wanted, at)
  const password = randomPassword()
  const id = await addPassword(turn, keyring, holder, password, term)
  return { id, kind: 'password', password, certificate: undefined, ...term }
}

/** Gives an application a password of our making. */
export async function addApplicationPassword(
  scope: Scope<'applications/credentials'>,
  key: Key,
  wanted: Term,
): Promise<NewPassword> {
  const application = await theApplication(scope, key)
  await refuseEscalation(scope, application.principal)
  return newPassword(scope, application, wanted)
}

/** Gives a service principal a password of our making; a managed identity has none, so that none can leak. */
export async function addServicePrincipalPassword(
  scope: Scope<'service-principals/credentials'>,
  key: Key,
  wanted: Term,
): Promise<NewPassword> {
  const entry = await theServicePrincipal(scope, key)
  await refuseEscalation(scope, entry.objectId)
  return newPassword(scope, entry, wanted)
}

async function theServicePrincipal(scope: Pick<Scope<Action>, 'sql' | 'keyring'>, key: Key): Promise<Entry> {
  const entry = await theEntry(scope, key, ...serviceKinds)
  if (entry.kind !== 'managed-identity') return entry
  throw new Fault('invalid', 'A managed identity has no credentials of its own; it is proved by where it runs.')
}

const heldBy = async ({ sql }: Pick<Turn, 'sql'>, { objectId }: Holder, id: string): Promise<Credential | undefined> =>
  (await credentialsHeldBy(sql, objectId)).find((credential) => credential.id === id)

async function removeHeld(turn: Turn, kind: keyof typeof kinds, holder: Holder, id: string): Promise<void> {
  if ((await heldBy(turn, holder, id))?.kind !== kind) {
    throw new Fault('invalid', `No ${kinds[kind]} credential found with keyId.`, { where: 'keyId' })
  }
  await dropCredential(turn, holder.objectId, id)
}
/** What Graph calls them. */
const kinds = { password: 'password', certificate: 'key' } as const

/** Takes a password away, and with it every token that was made on its word. */
export async function removeApplicationPassword(
  scope: Scope<'applications/credentials'>,
  key: Key,
  id: string,
): Promise<void> {
  await removeHeld(scope.turn, 'password', await theApplication(scope, key), id)
}

/** The same for a service principal. */
export async function removeServicePrincipalPassword(
  scope: Scope<'service-principals/credentials'>,
  key: Key,
  id: string,
): Promise<void> {
  await removeHeld(scope.turn, 'password', await theEntry(scope, key, ...serviceKinds), id)
}

/** A certificate as it is given; without `key` it is the one that is there already under this id. */
export type GivenCertificate = Term & { readonly id: string | undefined; readonly key: Buffer | undefined }

type Amending = Scope<'applications/update'> | Scope<'applications/create'>

/** Makes these the certificates of an application: what is named stays, what is new is added, the rest goes. */
export async function replaceCertificates(
  scope: Amending,
  application: Application,
  given: readonly GivenCertificate[],
): Promise<void> {
  const { sql, turn, keyring, at, permit } = scope
  if (!permit.allows('applications/credentials', `${wholeDirectory}/applications/${application.objectId}`)) {
    throw new Fault('forbidden', 'Insufficient privileges to complete the operation.')
  }
  const held = (await credentialsHeldBy(sql, application.objectId)).filter(({ kind }) => kind === 'certificate')
  const stays = new Set(given.flatMap(({ id, key }) => (key === undefined ? [id] : [])))
  for (const id of stays) {
    if (!held.some((credential) => credential.id === id)) {
      throw new Fault('invalid', 'A new key credential needs its key, and a kept one its keyId.', {
        where: 'keyCredentials',
      })
    }
  }
  const added = given.filter(({ key }) => key !== undefined)
  if (added.length > 0) await refuseEscalation(scope, application.principal)
  for (const { id } of held) if (!stays.has(id)) await dropCredential(turn, application.objectId, id)
  await refuseTooMany(scope, application, added.length)
  for (const { key, ...term } of added) {
    await addCertificate(turn, keyring, application, key as Buffer, asLongAsItself(term, at))
  }
}

/** What isn't said of a certificate's term, it says itself. */
const asLongAsItself = ({ name, starts, ends }: Term, at: Instant) =>
  termOf({ name, starts: starts ?? 0, ends: ends ?? Number.MAX_SAFE_INTEGER }, at)

type Rolling = Scope<'keys/roll'>
type Proof = Pick<ProofOfPossession, 'token' | 'address'>
type NewCertificate = Term & { readonly key: Buffer }

/**
 * Gives an application another key by proof that one of its own is at hand. Whoever has that can act as the application
 * already, so nobody's rights are borrowed by it, whatever the application holds.
 */
export async function addApplicationKey(scope: Rolling, key: Key, given: NewCertificate, proof: Proof) {
  return addKey(scope, await theApplication(scope, key), given, proof)
}

/** The same for a service principal. */
export async function addServicePrincipalKey(scope: Rolling, key: Key, given: NewCertificate, proof: Proof) {
  return addKey(scope, await theServicePrincipal(scope, key), given, proof)
}

/** Takes a key away, with every token that was made on its word, by proof that one of the holder's own is at hand. */
export async function removeApplicationKey(scope: Rolling, key: Key, id: string, proof: Proof): Promise<void> {
  await removeKey(scope, await theApplication(scope, key), id, proof)
}

/** The same for a service principal. */
export async function removeServicePrincipalKey(scope: Rolling, key: Key, id: string, proof: Proof): Promise<void> {
  await removeKey(scope, await theServicePrincipal(scope, key), id, proof)
}

async function addKey(scope: Rolling, holder: Holder, { key, ...term }: NewCertificate, proof: Proof) {
  const { turn, keyring, at } = scope
  await refuseUnproven({ turn, keyring }, { ...proof, holder: holder.objectId })
  await refuseTooMany(scope, holder, 1)
  const id = await addCertificate(turn, keyring, holder, key, asLongAsItself(term, at))
  return (await heldBy(turn, holder, id)) as Credential
}

async function removeKey({ turn, keyring }: Rolling, holder: Holder, id: string, proof: Proof): Promise<void> {
  await refuseUnproven({ turn, keyring }, { ...proof, holder: holder.objectId })
  await removeHeld(turn, 'certificate', holder, id)
}
