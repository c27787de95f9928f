import { createPublicKey, randomBytes, randomUUID, X509Certificate } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { holdersOf } from './applications.ts'
import { type Entry, wordsOfEntry } from './entry.ts'
import { entryRow, entryRowByApp, insertEntry, type KeptEntry } from './entry-rows.ts'
import { federatedHeldBy } from './federated-credentials.ts'
import { addCredential, credentialsOf, removeCredential, removeCredentialsOf } from './identity-rows.ts'
import { type Credential, directoryKey, type Principal, validAt } from './principal.ts'

export { directoryKey } from './principal.ts'

/** Who exists, and how they prove who they are. */

/** A principal as we entered it. Of one whose row was changed or added by hand nobody knows: it proves and may nothing. */
export async function proven(sql: Sql, keyring: Keyring, kept: KeptEntry | undefined): Promise<Entry | undefined> {
  if (kept?.proof === undefined) return undefined
  const ours = await keyring.isFingerprint(sql, directoryKey, wordsOfEntry(kept.entry), kept.proof)
  return ours ? kept.entry : undefined
}

/** The proof that we entered a principal so; each that is kept bears one. */
export const proofOf = (sql: Sql, keyring: Keyring, entry: Entry): Promise<Buffer> =>
  keyring.fingerprint(sql, directoryKey, wordsOfEntry(entry))

/** The principal with this object id, if we entered it so. */
export const principalById = async (sql: Sql, keyring: Keyring, objectId: string): Promise<Entry | undefined> =>
  proven(sql, keyring, await entryRow(sql, objectId))

/** The principal of this application id, if we entered it so. */
export const principalByApp = async (sql: Sql, keyring: Keyring, appId: string): Promise<Entry | undefined> =>
  proven(sql, keyring, await entryRowByApp(sql, appId))

/** Whether there is such a principal, and it is switched on. */
export const principalEnabled = async (sql: Sql, keyring: Keyring, objectId: string): Promise<boolean> =>
  (await principalById(sql, keyring, objectId))?.enabled === true

/** By the object id or the application id that somebody gives. */
export async function principalCalled(sql: Sql, keyring: Keyring, id: string): Promise<Principal> {
  const found =
    (await principalById(sql, keyring, id.toLowerCase())) ?? (await principalByApp(sql, keyring, id.toLowerCase()))
  if (found !== undefined) return found
  throw new Fault('not-found', `Nobody has the object id or application id '${id.slice(0, 64)}'.`, {
    arm: 'PrincipalNotFound',
  })
}

/** Registers a principal. Ids are new unless given. */
export async function register(
  turn: Turn,
  keyring: Keyring,
  { name, kind, objectId = randomUUID(), appId = randomUUID() }: Partial<Principal> & Pick<Principal, 'name' | 'kind'>,
): Promise<Principal> {
  const principal: Principal = { objectId, appId, name, kind, enabled: true }
  const entry = { ...principal, userPrincipalName: undefined, details: {}, created: turn.at }
  if (!(await insertEntry(turn.sql, entry, await proofOf(turn.sql, keyring, entry)))) {
    throw new Error(`${objectId} or ${appId} is a principal already`)
  }
  turn.changeAccess()
  return principal
}

/** A password of our making; how it begins tells those who find one lying about what it is. */
export const randomPassword = (): string => `crd_${randomBytes(30).toString('base64url')}`

type Given = { readonly name: string; readonly ends: Instant; readonly starts?: Instant }
/** Who holds a credential: a service principal, or the application that it stands for. */
type Holder = Pick<Principal, 'objectId'>

/** Gives an application a password. High in entropy and ours to make, so a keyed hash keeps it as well as a slow one. */
export async function addPassword(
  turn: Turn,
  keyring: Keyring,
  holder: Holder,
  password: string,
  { name, ends, starts = turn.at }: Given,
): Promise<string> {
  const term = { id: randomUUID(), kind: 'password', starts, ends } as const
  const digest = await keyring.fingerprint(turn.sql, directoryKey, bound(holder, term, password))
  await addCredential(turn.sql, holder.objectId, { ...term, name, digest, certificate: undefined })
  return term.id
}

/** Gives an application a certificate, in PEM or DER: it may then sign assertions with its key. */
export async function addCertificate(
  turn: Turn,
  keyring: Keyring,
  holder: Holder,
  pem: string | Buffer,
  { name, ends, starts = turn.at }: Given,
): Promise<string> {
  let given: X509Certificate
  try {
    given = new X509Certificate(pem)
  } catch (cause) {
    throw new Fault('invalid', 'This is not an X.509 certificate.', {}, { cause })
  }
  const term = {
    id: randomUUID(),
    kind: 'certificate',
    starts: Math.max(starts, given.validFromDate.getTime()),
    ends: Math.min(ends, given.validToDate.getTime()),
  } as const
  const certificate = given.toString()
  const digest = await keyring.fingerprint(turn.sql, directoryKey, bound(holder, term, certificate))
  await addCredential(turn.sql, holder.objectId, { ...term, name, digest, certificate })
  return term.id
}

/** A credential is hashed with whose it is and when it holds: a row that is moved or prolonged by hand doesn't fit. */
const bound = (
  { objectId }: Holder,
  { kind, id, starts, ends }: Pick<Credential, 'kind' | 'id' | 'starts' | 'ends'>,
  proof: string,
): string => JSON.stringify([kind, objectId, id, starts, ends, proof])

/** What a holder has been given, whether it holds still or not. */
export const credentialsHeldBy = (sql: Sql, holder: string): Promise<Credential[]> => credentialsOf(sql, holder)

/** Takes a credential away: it proves nothing from the moment this is answered, and tokens made on its word end. */
export async function dropCredential(turn: Turn, holder: string, id: string): Promise<boolean> {
  const dropped = await removeCredential(turn.sql, holder, id)
  if (dropped) turn.changeAccess()
  return dropped
}

/** Takes all credentials of a holder away, who is about to go. */
export const dropCredentialsOf = (turn: Turn, holder: string): Promise<void> => removeCredentialsOf(turn.sql, holder)

/** Whether a credential that a token names is still there. */
export async function credentialStands(
  sql: Sql,
  keyring: Keyring,
  principal: string,
  reference: string,
): Promise<boolean> {
  for (const holder of await holdersOf(sql, keyring, principal)) {
    if ((await credentialsOf(sql, holder)).some(({ id }) => id === reference)) return true
    if ((await federatedHeldBy(sql, keyring, holder)).some((federated) => federated.reference === reference))
      return true
  }
  return false
}

/** How a password fared: `expired` is told apart because the caller can mend it; the right one is named. */
type PasswordOutcome = { readonly credential: string } | 'wrong' | 'expired'

/** Whether a password is one that this principal, or its application, was given, and whether it holds now. */
export async function passwordOutcome(
  sql: Sql,
  keyring: Keyring,
  principal: Principal,
  password: string,
  at: Instant,
): Promise<PasswordOutcome> {
  const all = await fitting(sql, keyring, principal, ({ kind }) => (kind === 'password' ? password : undefined))
  const right = all.find((credential) => validAt(credential, at))
  if (right !== undefined) return { credential: right.id }
  return all.length > 0 ? 'expired' : 'wrong'
}

/** A certificate, and the credential that it is. */
export type HeldCertificate = { readonly credential: string; readonly certificate: X509Certificate }

/** The certificates with which a principal, or who is registered as an application, may sign now. */
export async function certificatesOf(
  sql: Sql,
  keyring: Keyring,
  principal: Holder,
  at: Instant,
): Promise<HeldCertificate[]> {
  const all = await fitting(sql, keyring, principal, ({ kind, certificate }) =>
    kind === 'certificate' ? certificate : undefined,
  )
  return all
    .filter((credential) => validAt(credential, at))
    .map(({ id, certificate }) => ({ credential: id, certificate: new X509Certificate(certificate as string) }))
}

/** The credentials that we gave with this proof to this principal, or to its application; all are looked at. */
async function fitting(
  sql: Sql,
  keyring: Keyring,
  principal: Holder,
  proofOf: (credential: Credential) => string | undefined,
): Promise<Credential[]> {
  const found: Credential[] = []
  for (const objectId of await holdersOf(sql, keyring, principal.objectId)) {
    for (const credential of await credentialsOf(sql, objectId)) {
      const proof = proofOf(credential)
      if (proof === undefined) continue
      const given = bound({ objectId }, credential, proof)
      if (await keyring.isFingerprint(sql, directoryKey, given, credential.digest)) found.push(credential)
    }
  }
  return found
}

/** A certificate's public key, whatever its kind. */
export const publicKeyOf = (certificate: X509Certificate) =>
  createPublicKey(certificate.publicKey.export({ type: 'spki', format: 'pem' }))
